"""The pages: what templates are given."""
