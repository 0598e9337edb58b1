"""What is remembered: the catalogue, the seed-format files and the raw answers."""
