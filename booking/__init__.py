"""A mission's life: mission sheet, offers, messages, quotes, end report, reviews."""
