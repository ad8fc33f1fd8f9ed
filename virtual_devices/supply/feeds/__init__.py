"""Outages as those who foretell them say them, in other forms than iCalendar."""
