"""What is, as it is heard on the bus."""
