"""Facts about experts that other parts react to; the key is the expert's id."""

EXPERT_CHANGED = "expert.changed"
