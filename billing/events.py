"""Facts of `billing`, as outbox topics.

Keys of an escrow's facts are its reference: whoever booked knows what that is, and reads the escrow afresh.
"""

ESCROW_HELD = "billing.escrow_held"
"""All that is due is held: for the first time, after a top-up, or after a dispute was settled."""
ESCROW_DISPUTED = "billing.escrow_disputed"
"""The client asks for money back: nothing is released meanwhile."""
ESCROW_RELEASED = "billing.escrow_released"
ESCROW_REFUNDED = "billing.escrow_refunded"
"""Money goes back by agreement: all of it where the escrow is `refunded`, else a part."""

WIRE_WANTED = "billing.wire_wanted"
"""A provider is to say where a transfer for an escrow goes; the key is the escrow's reference."""
PROVIDER_EVENT = "billing.provider_event"
"""Something changed at a payment provider, which is asked what; the key is `Resource.key`."""
REFUND_AGREED = "billing.refund_agreed"
"""Money is to go back to the payer; the key is the refund's id."""
SANDBOX_DUE = "billing.sandbox_due"
"""Wires that the simulated bank sent late are to arrive; keys say when that was due."""
REFUND_REMINDERS_DUE = "billing.refund_reminders_due"
"""Experts who have not answered a refund request are to be reminded; keys say when that was due."""
PROPOSALS_DUE = "billing.proposals_due"
"""Proposals that no second operator decided on are to expire; keys say when that was due."""
LEDGER_DUE = "billing.ledger_due"
"""The ledger is to be held against the provider and against our own rows; keys say when that was due."""
