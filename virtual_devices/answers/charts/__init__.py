"""Pictures drawn as SVG, without any library: what a report and the console's answers show."""
