"""Tandem from outside: signs agents in, lets customers begin conversations."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import Any

import httpx

from harness.servers import PASSWORD, Running
from harness.websocket import Door

AGENTS = ("agent1", "agent2", "agent3", "senior", "supervisor", "admin")
TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')
INBOX = "demo"


@dataclass(frozen=True)
class Agent:
    """A signed-in agent: what her requests carry."""

    name: str
    headers: dict[str, str]


class Desk:
    """A running Tandem."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.http = httpx.Client(base_url=running.origin, timeout=30, follow_redirects=True)

    def agent(self, name: str) -> Agent:
        """Sign an agent in."""
        origin = self.running.origin
        with httpx.Client(base_url=origin, timeout=30, follow_redirects=True) as browser:
            form = {"username": name, "password": PASSWORD}
            form["csrfmiddlewaretoken"] = _token(browser.get("/login/"))
            headers = {"Origin": origin, "Referer": f"{origin}/login/"}
            page = browser.post("/login/", data=form, headers=headers)
            if page.url.path.startswith("/login"):
                raise RuntimeError(f"{name} could not sign in: HTTP {page.status_code}")
            cookies = "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)
            token = _token(browser.get("/workspace/"))
        return Agent(name, {"Cookie": cookies, "Origin": origin, "X-CSRFToken": token})

    def agents(self) -> list[Agent]:
        """All demo agents, signed in."""
        return [self.agent(name) for name in AGENTS]

    def customer(self) -> tuple[str, str]:
        """A new customer's token and conversation."""
        answer = self._post(f"/chat/{INBOX}/session", {}, {})
        return answer["token"], answer["conversation"]

    def customer_writes(self, token: str, body: str) -> dict[str, Any]:
        """Post a customer's message."""
        message = {"client_id": str(uuid.uuid4()), "body": body}
        headers = {"Authorization": f"Bearer {token}"}
        return self._post(f"/chat/{INBOX}/messages", message, headers)

    def agent_writes(self, agent: Agent, conversation: str, body: str, seen: int) -> dict[str, Any]:
        """Post an agent's reply."""
        message = {"client_id": str(uuid.uuid4()), "body": body, "seen": seen}
        return self._post(messages_path(conversation), message, agent.headers)

    def conversation(self) -> str:
        """A new conversation with one message of its customer; its id as agents know it."""
        token, conversation = self.customer()
        self.customer_writes(token, "Where is my parcel?")
        return conversation

    def _post(self, path: str, content: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        answer = self.http.post(
            path, json=content, headers={"Accept": "application/json", **headers}
        )
        if answer.status_code not in (200, 201):
            raise RuntimeError(f"POST {path}: HTTP {answer.status_code} {answer.text[:300]}")
        found: dict[str, Any] = answer.json()
        return found


def messages_path(conversation: str) -> str:
    """Where agents post to a conversation."""
    return f"/workspace/conversations/{conversation}/messages/"


def agent_door(agent: Agent, conversation: str | None) -> Door:
    """An agent's socket, watching a conversation from its first entry."""
    opening = []
    if conversation is not None:
        opening.append(json.dumps({"type": "watch", "conversation": conversation, "after": 0}))
    headers = {name: agent.headers[name] for name in ("Cookie", "Origin")}
    return Door("/ws/workspace/", headers, opening)


def customer_door(origin: str, token: str) -> Door:
    """A customer's socket."""
    opening = [json.dumps({"type": "auth", "token": token, "after": 0})]
    return Door(f"/ws/chat/{INBOX}/", {"Origin": origin}, opening)


def _token(page: httpx.Response) -> str:
    found = TOKEN.search(page.text)
    if found is None:
        raise RuntimeError(f"no csrf-token on {page.url}: HTTP {page.status_code}")
    return found[1]
