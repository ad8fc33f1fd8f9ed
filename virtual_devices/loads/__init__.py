"""What draws; one file per appliance."""
