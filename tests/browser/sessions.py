"""Agents' sessions, made once by plain requests: the form is for the tests that are about it."""

import re

import httpx

from tests.stack.prepared import PASSWORD

_sessions: dict[tuple[str, str], httpx.Client] = {}


def csrf_token(client: httpx.Client, path: str) -> str:
    page = client.get(path).text
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found, page[:500]
    return found[1]


def session_of(url: str, name: str) -> httpx.Client:
    """A client with a session of that agent which still holds."""
    client = _sessions.get((url, name))
    if client and client.get("/workspace/conversations/counts/").status_code == 200:
        return client
    client = httpx.Client(base_url=url, trust_env=False)
    form = {"username": name, "password": PASSWORD}
    form["csrfmiddlewaretoken"] = csrf_token(client, "/login/")
    assert client.post("/login/", data=form).status_code == 302
    _sessions[url, name] = client
    return client
