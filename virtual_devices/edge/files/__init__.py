"""Files of people and of programs: read, written whole, watched."""
