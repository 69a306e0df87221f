"""Videos, frame by frame, exact to the timestamp; cameras."""
