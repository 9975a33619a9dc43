"""Django's sessions in the database, read with a statement that is built once."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session

from helpdesk.core import rows


class SessionStore(db.SessionStore):
    """Read by every request of an agent, so that signing out holds from the next one on."""

    @classmethod
    def get_model_class(cls) -> type[AbstractBaseSession]:
        return Session

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        found = rows.first(Session, "session_key = %s AND expire_date > now()", [self.session_key])
        if found is None:
            self._session_key = None
        return found
