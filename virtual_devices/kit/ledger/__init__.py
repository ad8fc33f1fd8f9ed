"""Every joule of a run, double entry: records, their audit, and what they come to."""
