"""Figures of what Portulan does and how fast, printed as tables and written as JSON."""
