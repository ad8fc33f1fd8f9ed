"""A household by its file: what people export, read and understood."""
