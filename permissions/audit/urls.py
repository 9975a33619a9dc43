from django.urls import path

from permissions.audit import views

app_name = "audit"
urlpatterns = [
    path("settings/audit/", views.audit, name="audit"),
    path("settings/audit/state/", views.state, name="state"),
    path("settings/audit/verify/", views.verify, name="verify"),
]
