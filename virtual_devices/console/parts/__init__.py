"""What pages are made of: drawings of a home, and text from the bus that stays text."""
