"""What a record says, for whoever asks."""
