"""Bytes <-> pixels: the only code that knows files, uint8 and codecs. Knows no TensorFlow."""
