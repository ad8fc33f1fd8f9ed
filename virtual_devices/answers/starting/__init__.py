"""A home that is begun: questions, what is answered, and the commented home file that comes of it."""
