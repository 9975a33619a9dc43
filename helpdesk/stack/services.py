"""Servers that the environment names: checked before anything is started on them."""

import psycopg
import redis

from helpdesk.stack.errors import CannotStart

CONNECT_SECONDS = 5


def check_database(address: str) -> None:
    """Raise CannotStart unless the database can be opened."""
    try:
        psycopg.connect(address, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.Error as problem:
        raise CannotStart(_database_problem(problem)) from problem


def check_redis(address: str) -> None:
    """Raise CannotStart unless Redis answers."""
    try:
        client = redis.Redis.from_url(
            address,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=CONNECT_SECONDS,
        )
        with client:
            client.ping()
    except redis.AuthenticationError as problem:
        raise CannotStart(
            "REDIS_URL has a wrong password or user: write it like redis://:password@host:6379/0."
        ) from problem
    except (redis.RedisError, ValueError) as problem:
        raise CannotStart(
            f"No Redis answers at REDIS_URL ({_short(problem)}): start it, or correct the address; "
            "without REDIS_URL Tandem runs its own."
        ) from problem


def _database_problem(problem: psycopg.Error) -> str:
    said = str(problem)
    if "password" in said or "authentication failed" in said or "no pg_hba.conf entry" in said:
        return f"DATABASE_URL is not let in ({_short(problem)}): correct its user or password."
    if "does not exist" in said and "database" in said and "role" not in said:
        return (
            f"The database of DATABASE_URL is missing ({_short(problem)}): create it with "
            "`createdb`, or correct the name."
        )
    if "does not exist" in said:
        return f"DATABASE_URL is not let in ({_short(problem)}): correct its user or password."
    return (
        f"No PostgreSQL answers at DATABASE_URL ({_short(problem)}): start it, or correct the "
        "address; without DATABASE_URL Tandem runs its own."
    )


def _short(problem: Exception) -> str:
    """The last thing the server or the driver said, on one line."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    last = lines[0] if lines else type(problem).__name__
    return last.rpartition("FATAL:")[2].strip().rstrip(".") or type(problem).__name__
