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
        from collaboration.drafts import admin, live  # noqa: F401 auditors; hears what is told
        from collaboration.drafts import reactions as drafts  # noqa: F401 hears what is told
        from collaboration.saved import inheriting
        from collaboration.suggestions import admin as suggestions  # noqa: F401 auditors
        from collaboration.suggestions import live as _live  # noqa: F401 hears what is told
        from permissions.acts.checks import holder_of

        inheriting.register()
        register(SettingsPage("notices:settings", _("Notices"), PERSONAL, icon="bell"))
        register(SettingsPage("canned:index", _("Canned replies"), PERSONAL, icon="bolt"))
        for name, title, section, icon, duty in (
            (
                "policy:collaboration",
                _("Real-time collaboration"),
                TEAMWORK,
                "people",
                Duty.SETTINGS,
            ),
            ("policy:internal", _("Internal messages"), TEAMWORK, "lock", Duty.SETTINGS),
            ("approvals:rules", _("Approvals"), TEAMWORK, "checks", Duty.SETTINGS),
            ("context:customer-fields", _("Customer fields"), CUSTOMERS, "user", Duty.FIELDS),
            ("context:access", _("Sensitive data"), SAFETY, "eye", Duty.ACCESS),
        ):
            register(SettingsPage(name, title, section, icon, holder_of(duty)))
