"""The embedded engine: documents in one SQLite file, postings, columns and vectors in NumPy.

Exact where a library's inverted index is not (frequencies under deletes, facets over every match, groups of
interchangeable words), and faster at it; `docs/decisions/0003-embedded-engine.md` has the figures.
"""
