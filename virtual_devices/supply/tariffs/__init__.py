"""What a kilowatt-hour costs, and the bill."""
