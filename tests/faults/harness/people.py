"""Agents and customers as programs know them: the names of design §9 and nothing else."""

import re
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.faults.harness.cast import INBOX
from tests.faults.harness.system import PASSWORD, System

TOKEN = re.compile(r'name="(?:csrf-token|csrfmiddlewaretoken)" (?:content|value)="([^"]+)"')
JSON = {"Accept": "application/json", "Accept-Encoding": "identity"}


@dataclass
class Person:
    """Who is at a conversation, and through which port (a proxy's, perhaps)."""

    system: System
    name: str
    conversation: str
    headers: dict[str, str]
    port: int
    is_customer: bool
    source: str = "127.0.0.1"
    answers: list[tuple[str, int]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return self.system.url(path, self.port)

    @property
    def messages(self) -> str:
        if self.is_customer:
            return self.url(f"/chat/{INBOX}/messages")
        return self.act("messages")

    @property
    def entries(self) -> str:
        if self.is_customer:
            return self.url(f"/chat/{INBOX}/entries")
        return self.url(f"/workspace/conversations/{self.conversation}/entries")

    @property
    def socket(self) -> str:
        return self.url(f"/ws/chat/{INBOX}/" if self.is_customer else "/ws/workspace/")

    def act(self, name: str) -> str:
        return self.url(f"/workspace/conversations/{self.conversation}/{name}/")

    def opening(self, after: int) -> dict[str, Any]:
        """The first frame up."""
        if self.is_customer:
            token = self.headers["Authorization"].removeprefix("Bearer ")
            return {"type": "auth", "token": token, "after": after, "language": "en"}
        return {"type": "watch", "conversation": self.conversation, "after": after}

    def http(self, seconds: float = 10.0) -> aiohttp.ClientSession:
        """A browser of one's own: its connections are nobody else's."""
        return aiohttp.ClientSession(
            headers={**JSON, **self.headers},
            timeout=aiohttp.ClientTimeout(total=seconds, connect=5),
            connector=aiohttp.TCPConnector(limit=6, local_addr=(self.source, 0)),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def post(self, url: str, **content: Any) -> tuple[int, dict[str, Any]]:
        """Do one act and return its status and answer."""
        async with self.http() as http, http.post(url, json=content) as answer:
            return answer.status, await answer.json()


async def sign_in(system: System, name: str) -> dict[str, str]:
    """The headers of a signed-in agent's requests: cookie, CSRF token, origin."""
    origin = system.url("")
    jar = aiohttp.CookieJar(unsafe=True)
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as http:
        async with http.get(f"{origin}/login/") as page:
            token = _token(await page.text())
        form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": token}
        headers = {"Origin": origin, "Referer": f"{origin}/login/"}
        async with http.post(
            f"{origin}/login/", data=form, headers=headers, allow_redirects=False
        ) as answer:
            assert answer.status == 302, f"{name} could not sign in: {answer.status}"
        cookies = {cookie.key: cookie.value for cookie in jar}
        async with http.get(f"{origin}/workspace/") as page:
            text = await page.text()
    token = _token(text)
    cookie = "; ".join(f"{key}={value}" for key, value in cookies.items())
    return {"Cookie": cookie, "X-CSRFToken": token, "Origin": origin}


async def agent(
    system: System, name: str, conversation: str, *, port: int | None = None, fresh: bool = False
) -> Person:
    """An agent at a conversation; signed in once per system unless `fresh`."""
    headers = system.sign_ins.get(name)
    if headers is None or fresh:
        headers = await sign_in(system, name)
        if not fresh:
            system.sign_ins[name] = headers
    port = port or system.port
    headers = headers | {"Origin": system.url("", port)}
    return Person(system, name, conversation, headers, port, is_customer=False)


async def customer(
    system: System, name: str = "lin", *, port: int | None = None, source: str = "127.0.0.1"
) -> Person:
    """A new customer with a conversation of their own (made by their first message)."""
    port = port or system.port
    person = Person(system, name, "", {}, port, is_customer=True, source=source)
    status, answer = await person.post(
        person.url(f"/chat/{INBOX}/session"), name=name, language="en"
    )
    assert status == 201, answer
    person.conversation = answer["conversation"]
    person.headers = {"Authorization": f"Bearer {answer['token']}"}
    return person


def at_port(person: Person, port: int) -> Person:
    """The same person, coming through another port."""
    headers = dict(person.headers)
    if "Origin" in headers:
        headers["Origin"] = person.system.url("", port)
    return Person(
        person.system, person.name, person.conversation, headers, port, person.is_customer
    )


async def everything(person: Person) -> list[dict[str, Any]]:
    """All entries this person may see, page by page, asked afresh."""
    found: list[dict[str, Any]] = []
    async with person.http(60) as http:
        while True:
            after = found[-1]["seq"] if found else 0
            async with http.get(person.entries, params={"after": str(after)}) as answer:
                assert answer.status == 200, answer.status
                page = await answer.json()
            found += page["entries"]
            if not page["entries"]:
                assert not found or page["head"] == found[-1]["seq"]
                return found


def _token(page: str) -> str:
    found = TOKEN.search(page)
    assert found, page[:300]
    return found[1]
