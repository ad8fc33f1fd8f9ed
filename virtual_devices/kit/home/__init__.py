"""A home as its owner describes it: the kinds there are, the file, the checked data."""
