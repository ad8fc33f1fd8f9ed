"""What is in a record, written in one transaction."""
