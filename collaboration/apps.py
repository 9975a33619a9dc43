from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from helpdesk.core.web.settings_pages import PERSONAL, SettingsPage, register


class CollaborationConfig(AppConfig):
    name = "collaboration"
    verbose_name = _("Working together")

    def ready(self) -> None:
        from collaboration.acts import reactions  # noqa: F401 hears what is told
        from collaboration.drafts import live  # noqa: F401 hears what is told

        register(SettingsPage("notices:settings", _("Notices"), PERSONAL, icon="bell"))
        register(SettingsPage("canned:index", _("Canned replies"), PERSONAL, icon="bolt"))
