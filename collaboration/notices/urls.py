from django.urls import path

from collaboration.notices import views

app_name = "notices"
urlpatterns = [
    path("workspace/notices/", views.notices, name="notices"),
    path("workspace/notices/read-all/", views.read_all, name="read_all"),
    path("workspace/notices/<int:notice_id>/read/", views.read, name="read"),
    path("workspace/conversations/<uuid:pk>/mentionable/", views.mentionable, name="mentionable"),
    path("settings/notices/", views.settings, name="settings"),
]
