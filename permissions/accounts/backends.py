from typing import Any

from django.contrib.auth.backends import ModelBackend

from helpdesk.core import rows
from permissions.accounts.models import Agent


class AgentBackend(ModelBackend):
    """Signs agents in by name and password, and reads who a request comes from."""

    def get_user(self, user_id: Any) -> Agent | None:
        return rows.first(Agent, "id = %s AND is_active", [user_id])
