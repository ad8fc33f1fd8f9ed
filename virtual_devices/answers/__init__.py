"""Questions about a home that is not there: what a run comes to, whether it survives an outage."""
