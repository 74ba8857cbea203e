"""A mission's quote, purchase order, end report and receipts as PDF, set on demand from rows that never change."""
