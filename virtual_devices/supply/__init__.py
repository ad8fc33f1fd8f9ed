"""What is wired to the inverter: PV arrays, battery, grid."""
