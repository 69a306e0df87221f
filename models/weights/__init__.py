"""VGG-19's weights: found, checked, normalized and kept."""
