"""What people write, and what it may be: settings, home files, times and durations."""
