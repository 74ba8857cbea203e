"""A query in, ranked results out: understanding, retrieval, ranking, facets, suggestions."""
