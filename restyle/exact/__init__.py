"""The exact path: the pixels of one image are optimized."""
