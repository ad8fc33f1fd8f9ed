"""A fleet as a device of its home: it is asked, and answers, on the bus."""
