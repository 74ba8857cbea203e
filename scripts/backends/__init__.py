"""The real PostgreSQL, Redis and OpenSearch, started on this machine without Docker, for tests and benchmarks."""
