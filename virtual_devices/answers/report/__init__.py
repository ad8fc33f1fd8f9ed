"""A record as one page: what a run came to, in words, tables and pictures."""
