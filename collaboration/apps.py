from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from helpdesk.core.web.settings_pages import (
    CUSTOMERS,
    PERSONAL,
    SAFETY,
    TEAMWORK,
    SettingsPage,
    register,
)
from permissions.acts.vocabulary import Duty


class CollaborationConfig(AppConfig):
    name = "collaboration"
    verbose_name = _("Working together")

    def ready(self) -> None:
        from collaboration.acts import reactions  # noqa: F401 hears what is told
        from collaboration.approvals import reactions as approvals  # noqa: F401 hears what is told
        from collaboration.context import live as customers  # noqa: F401 hears what is told
        from collaboration.drafts import live  # noqa: F401 hears what is told
        from permissions.acts.checks import has_duty

        register(SettingsPage("notices:settings", _("Notices"), PERSONAL, icon="bell"))
        register(SettingsPage("canned:index", _("Canned replies"), PERSONAL, icon="bolt"))
        register(
            SettingsPage(
                "context:customer-fields",
                _("Customer fields"),
                CUSTOMERS,
                icon="user",
                allowed=lambda agent: has_duty(agent, Duty.FIELDS),
            )
        )
        register(
            SettingsPage(
                "context:access",
                _("Sensitive data"),
                SAFETY,
                icon="eye",
                allowed=lambda agent: has_duty(agent, Duty.ACCESS),
            )
        )
        register(
            SettingsPage(
                "policy:collaboration",
                _("Real-time collaboration"),
                TEAMWORK,
                icon="people",
                allowed=lambda agent: has_duty(agent, Duty.SETTINGS),
            )
        )
        register(
            SettingsPage(
                "approvals:rules",
                _("Approvals"),
                TEAMWORK,
                icon="checks",
                allowed=lambda agent: has_duty(agent, Duty.SETTINGS),
            )
        )
