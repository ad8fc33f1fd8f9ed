"""Two homes beside each other, in the same weather: what one of them saves, and whether it is worth its price."""
