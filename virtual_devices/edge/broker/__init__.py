"""A broker of the home's own: mosquitto, or one in the process."""
