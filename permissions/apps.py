from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from helpdesk.core.web.settings_pages import PERSONAL, SettingsPage, register


class PermissionsConfig(AppConfig):
    name = "permissions"
    verbose_name = _("Who may, who did")

    def ready(self) -> None:
        register(SettingsPage("accounts:profile", _("Your profile"), PERSONAL, icon="user"))
