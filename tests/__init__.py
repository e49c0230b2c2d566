"""Everything here runs on real PostgreSQL and Valkey, in a cluster of the tests' own."""
