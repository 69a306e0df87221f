"""The mathematics, in keras.ops: VGG-19 and its weights, and the losses."""
