"""What a home leaves: one database per run."""
