"""What nature gives: time, sun, weather."""
