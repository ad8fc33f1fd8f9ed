"""What is built, and homes as files."""
