import select
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations as Operations


class DatabaseOperations(Operations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """For logs and counts of queries. A prepared statement is sent without its text."""
        return super().last_executed_query(cursor, sql, params) or sql


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def is_usable(self) -> bool:
        """Whether the server is still there, which Django asks before each request's first use.

        Answered by a look at the socket instead of a statement: a server that ends a session says
        so and hangs up, and an idle one has nothing else to say.
        """
        raw = self.connection
        if raw is None or raw.closed:
            return False
        waiting = select.poll()
        waiting.register(raw.fileno(), select.POLLIN)
        return not waiting.poll(0)
