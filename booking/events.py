"""Facts of `booking`, as outbox topics; keys are ids."""

MISSION_FUNDED = "mission.funded"
MISSION_STARTED = "mission.started"
"""Work begins: other experts who were solicited for the same sheet are told; the key is the mission's id."""
MISSION_VALIDATED = "mission.validated"
MISSION_CLOSED = "mission.closed"
MISSION_CANCELLED = "mission.cancelled"
REVIEW_CHANGED = "review.changed"
