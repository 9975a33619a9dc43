"""PostgreSQL through Django's own backend, with connections that are kept."""
