"""Facts about people that other parts react to; the key is an expert's id where nothing else is said."""

EXPERT_CHANGED = "expert.changed"
PRIORS_DUE = "reviews.priors_due"
"""The mean ratings of sectors are to be taken anew; keys say when that was due."""

SWEEP_DUE = "imports.sweep_due"
"""What imports that died have staged is to be dropped; keys say when that was due."""
RETENTION_DUE = "retention.due"
"""What was kept for long enough is to go; keys say when that was due."""
AUDIENCE_FOLD_DUE = "audience.fold_due"
"""What is old of the audience is to become sums by day; keys say when that was due."""
VAT_NUMBER_GIVEN = "client.vat_number_given"
"""A client's VAT number is to be checked with the public service; the key is the client's id."""
