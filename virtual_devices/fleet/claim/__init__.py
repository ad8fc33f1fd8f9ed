"""Who may host a home, and whose word counts in it."""
