"""A plan as a table and over time, and what it comes to."""
