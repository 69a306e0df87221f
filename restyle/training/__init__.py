"""The fast path's training: a transform network learns to lower the objective of its pictures."""
