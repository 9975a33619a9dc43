from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from helpdesk.core.web.settings_pages import PEOPLE, PERSONAL, SAFETY, SettingsPage, register


class PermissionsConfig(AppConfig):
    name = "permissions"
    verbose_name = _("Who may, who did")

    def ready(self) -> None:
        from helpdesk.core import admin_site
        from permissions.acts.checks import holder_of
        from permissions.acts.vocabulary import Duty
        from permissions.audit import admin, reactions  # noqa: F401 register themselves
        from permissions.audit.views import may_see

        admin_site.AuditorsSite.may_enter = staticmethod(holder_of(Duty.AUDIT))
        secures = holder_of(Duty.SECURITY)

        register(SettingsPage("accounts:profile", _("Your profile"), PERSONAL, icon="user"))
        for name, title, icon, duty in (
            ("people:agents", _("Agents"), "user", Duty.AGENTS),
            ("people:teams", _("Teams"), "people", Duty.AGENTS),
            ("people:roles", _("Roles"), "star", Duty.ROLES),
        ):
            register(SettingsPage(name, title, PEOPLE, icon, holder_of(duty)))
        register(SettingsPage("accounts:second-factor", _("Second factor"), PERSONAL, icon="lock"))
        register(SettingsPage("accounts:sign-ins-own", _("Your sign-ins"), PERSONAL, icon="screen"))
        register(SettingsPage("accounts:security", _("Security"), SAFETY, "lock", secures))
        register(SettingsPage("accounts:sign-ins", _("Sign-ins"), SAFETY, "screen", secures))
        register(SettingsPage("audit:audit", _("Audit and retention"), SAFETY, "history", may_see))
