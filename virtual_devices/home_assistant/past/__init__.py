"""A past for a Home Assistant: states and statistics of days that a home has had."""
