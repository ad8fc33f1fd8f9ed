"""Where the devices of a home run on this machine."""
