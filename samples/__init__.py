"""Two pictures that this project drew itself."""
