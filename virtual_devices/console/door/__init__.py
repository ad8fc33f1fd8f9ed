"""Who may: what every request passes, and who people are."""
