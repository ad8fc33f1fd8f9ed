"""What of a home survives its processes, as whoever keeps it hears it: which words count, which belong together, what is put back."""
