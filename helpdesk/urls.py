"""Every address of the product. Each is in the table of tests/test_urls.py with who may use it."""

from django.conf import settings
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog

from helpdesk import health
from helpdesk.core import admin_site
from helpdesk.core.web import appearance

urlpatterns = [
    path("", include("collaboration.workspace.urls")),  # first: most requests are for these
    path("", RedirectView.as_view(url="/workspace/")),
    path("settings/", RedirectView.as_view(pattern_name="accounts:profile"), name="settings"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("appearance/", appearance.choose, name="appearance"),
    path("jsi18n/", JavaScriptCatalog.as_view(domain="djangojs"), name="jsi18n"),
    path("", include("permissions.accounts.urls")),
    path("", include("conversations.inboxes.urls")),
    path("", include("permissions.audit.urls")),
    path("admin/", admin_site.site.urls),
    path("", include("permissions.roles.urls")),
    path("", include("conversations.grants.urls")),
    path("", include("conversations.intake.urls")),
    path("", include("collaboration.approvals.urls")),
    path("", include("collaboration.notices.urls")),
    path("", include("collaboration.policy.urls")),
    path("", include("collaboration.drafts.urls")),
    path("", include("collaboration.canned.urls")),
    path("", include("collaboration.suggestions.urls")),
    path("", include("collaboration.context.urls")),
    path("", include("collaboration.catchup.urls")),
    path("", include("collaboration.reports.urls")),
]
if settings.DEMO:
    urlpatterns += [path("", include("helpdesk.demo.urls"))]

handler400 = "helpdesk.core.web.errors.bad_request"
handler404 = "helpdesk.core.web.errors.not_found"
handler403 = "helpdesk.core.web.errors.forbidden"
handler500 = "helpdesk.core.web.errors.server_error"
