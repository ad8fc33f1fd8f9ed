"""Files for a Home Assistant, made of a home: package and dashboard."""
