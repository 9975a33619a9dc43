from django.urls import path
from django.views.generic import RedirectView

from collaboration.reports import views

app_name = "reports"
urlpatterns = [
    path("reports/", RedirectView.as_view(pattern_name="reports:together"), name="index"),
    path("reports/working-together/", views.together, name="together"),
    path("reports/working-together/export/", views.export_together, name="export-together"),
]
