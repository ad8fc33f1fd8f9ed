"""A home file made of what an owner's Home Assistant knows of his house."""
