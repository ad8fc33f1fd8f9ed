"""What is said on the bus: topics, forms, and who may say what."""
