"""The drawing of a home's flow."""
