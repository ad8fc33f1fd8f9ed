"""What owners of a Home Assistant do with a home beside it: live in its time, give it a past, make it of theirs, take along what is theirs to use."""
