"""Counts the SQL queries of pages with Django's test client on the product's own database.

Runs as its own process in the product's environment: on stdin one line of JSON
`{"agent": name, "pages": [{"path", "headers", "signed_in"}]}`, on stdout a list of counts.
"""

from __future__ import annotations

import json
import os
import sys

import django


def main() -> None:
    """Each page once to warm caches, then counted."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
    django.setup()
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    wanted = json.loads(sys.stdin.readline())
    visitor, agent = Client(SERVER_NAME="127.0.0.1"), Client(SERVER_NAME="127.0.0.1")
    agent.force_login(
        get_user_model().objects.get(username=wanted["agent"]),
        "permissions.accounts.backends.AgentBackend",
    )
    counts = []
    for page in wanted["pages"]:
        client = agent if page["signed_in"] else visitor
        client.get(page["path"], headers=page["headers"])
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(page["path"], headers=page["headers"])
        counts.append(len(queries) if answer.status_code == 200 else None)
        if os.environ.get("SHOW_QUERIES"):
            print(page["path"], answer.status_code, file=sys.stderr)
            for query in queries:
                print("  ", query["time"], query["sql"][:300], file=sys.stderr)
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
