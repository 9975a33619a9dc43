from django.urls import path

from collaboration.policy import views

app_name = "policy"
urlpatterns = [
    path("settings/collaboration/", views.collaboration, name="collaboration"),
    path("settings/internal-messages/", views.internal, name="internal"),
]
