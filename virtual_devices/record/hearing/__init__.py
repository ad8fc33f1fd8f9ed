"""What happens in a home, as it is heard."""
