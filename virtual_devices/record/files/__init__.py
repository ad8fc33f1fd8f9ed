"""Records as files: which there are, where they are put, copies of them."""
