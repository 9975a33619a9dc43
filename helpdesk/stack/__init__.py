"""Runs Tandem on one machine: embedded PostgreSQL and Redis, web processes, worker and beat."""
