"""Documents that accountants keep: invoices, credit notes, invoices of the commission and of boosts (S24, S30, B5)."""
