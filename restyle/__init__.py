"""Neural style transfer: all that is not the mathematics in `models`."""
