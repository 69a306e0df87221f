"""What a run leaves: its recipe, its folder, its scores."""
