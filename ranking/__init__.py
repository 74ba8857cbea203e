"""How results are ordered: features, transforms, scoring, policy, explanation, metrics, tuning. Pure NumPy."""
