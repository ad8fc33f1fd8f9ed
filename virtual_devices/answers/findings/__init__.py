"""What a run came to, in the numbers that people ask for."""
