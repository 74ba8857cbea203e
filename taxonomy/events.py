"""Facts about words that other parts react to."""

SKILLS_CHANGED = "skills.changed"
"""An operator has added to the skills, or taken something back; the key only tells changes apart."""
