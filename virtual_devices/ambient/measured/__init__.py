"""Weather that was measured: files, and the sky that they are."""
