"""The hybrid inverter: the device, its dispatch (the decision) and the settlement of a window."""
