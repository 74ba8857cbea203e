"""Money: quotes' tax and commission, escrow, invoices, Visibility Boost. Never knows what was booked."""
