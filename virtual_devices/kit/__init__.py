"""The workbench every device stands on: no I/O, no clock, plain Python."""
