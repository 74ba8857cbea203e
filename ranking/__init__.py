"""How results are ordered: features, transforms, scoring, policy, explanation, metrics. Pure NumPy over values."""
