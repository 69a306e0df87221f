"""The fast path's use: a trained network paints pictures, folders, videos, a camera."""
