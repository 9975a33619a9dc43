from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from helpdesk.core.web.settings_pages import CUSTOMERS, PEOPLE, SettingsPage, register


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from conversations.grants.models import count_grants
        from conversations.inboxes import inheriting
        from conversations.inboxes.models import Inbox
        from conversations.reveals import operations  # noqa: F401 registers what needs a yes
        from conversations.threads import (
            admin,  # noqa: F401 registers what auditors see
            approvable,  # noqa: F401 registers its operations
        )
        from permissions.acts.checks import granted, has_duty, holder_of
        from permissions.acts.scope import protects
        from permissions.acts.vocabulary import Act, Duty

        def configures(agent: Any) -> bool:
            return has_duty(agent, Duty.ROLES) or bool(granted(agent, Act.CONFIGURE))

        protects(Inbox, exceptions=count_grants)
        inheriting.register()
        for name, title, section, icon, allowed in (
            ("inboxes:index", _("Inboxes"), CUSTOMERS, "inbox", configures),
            ("rights:inboxes", _("Rights in inboxes"), PEOPLE, "lock", holder_of(Duty.ROLES)),
            (
                "rights:why",
                _("Why may they?"),
                PEOPLE,
                "search",
                holder_of(Duty.ROLES, Duty.ACCESS),
            ),
        ):
            register(SettingsPage(name, title, section, icon, allowed))
