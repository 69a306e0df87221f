"""What this machine can do, found out before it is relied on; a quiet start of TensorFlow."""
