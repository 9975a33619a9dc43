from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from helpdesk.core.web.settings_pages import CUSTOMERS, PEOPLE, SettingsPage, register


class ConversationsConfig(AppConfig):
    name = "conversations"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from conversations.grants.models import has_grants
        from conversations.inboxes.models import Inbox
        from conversations.reveals import operations  # noqa: F401 registers what needs a yes
        from conversations.threads import (
            admin,  # noqa: F401 registers what auditors see
            approvable,  # noqa: F401 registers its operations
        )
        from permissions.acts.checks import granted, has_duty
        from permissions.acts.scope import protects
        from permissions.acts.vocabulary import Act, Duty

        protects(Inbox, exceptions=has_grants)
        register(
            SettingsPage(
                "inboxes:index",
                _("Inboxes"),
                CUSTOMERS,
                icon="inbox",
                allowed=lambda agent: bool(granted(agent, Act.CONFIGURE)),
            )
        )
        register(
            SettingsPage(
                "rights:inboxes",
                _("Rights in inboxes"),
                PEOPLE,
                icon="lock",
                allowed=lambda agent: has_duty(agent, Duty.ROLES),
            )
        )
        register(
            SettingsPage(
                "rights:why",
                _("Why may they?"),
                PEOPLE,
                icon="search",
                allowed=lambda agent: has_duty(agent, Duty.ROLES) or has_duty(agent, Duty.ACCESS),
            )
        )
