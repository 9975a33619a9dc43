"""Django's sessions in the database, read in one statement with whoever is signed in by them."""

import re

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.utils.crypto import constant_time_compare

from helpdesk.core import rows
from permissions.accounts.backends import AgentBackend
from permissions.accounts.models import Agent

_KEY = re.compile("[a-z0-9]{8,40}")
_FOUND = f"""
SELECT session.session_data, {rows.columns(Agent, of="agent")}
FROM django_session session
LEFT JOIN permissions_signin signed_in ON signed_in.session_key = session.session_key
LEFT JOIN permissions_agent agent ON agent.id = signed_in.agent_id AND agent.is_active
WHERE session.session_key = %s AND session.expire_date > now()
"""  # noqa: S608 ours


class SessionStore(db.SessionStore):
    """Read by every request of an agent, so that signing out holds from the next one on."""

    agent: Agent | None = None  # whose sign-in it is, as read with it

    @classmethod
    def get_model_class(cls) -> type[AbstractBaseSession]:
        return Session

    def _validate_session_key(self, key: str | None) -> bool:
        """Only what can be a key of ours is looked for: a cookie may hold anything, NUL too."""
        return bool(key and _KEY.fullmatch(key))

    def load(self) -> dict[str, object]:
        found = rows.prepared(_FOUND, [self.session_key]).fetchone()
        if found is None:
            self._session_key = None
            return {}
        data, key, *others = found
        self.agent = None if key is None else rows.made_of(Agent, [key, *others])
        return self.decode(data)


def agent_of(session: SessionStore) -> Agent | None:
    """The agent who is signed in by it, if they may enter and their password is still the same."""
    user_id = session.get(SESSION_KEY)
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS or not user_id:
        return None
    agent = session.agent
    if agent is None or str(agent.pk) != user_id:
        agent = AgentBackend().get_user(user_id)
    proof = session.get(HASH_SESSION_KEY, "")
    if agent is None or not constant_time_compare(proof, agent.get_session_auth_hash()):
        return None
    return agent
