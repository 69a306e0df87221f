"""A web page that paints in its visitor's browser: its networks, and the folder to serve."""
