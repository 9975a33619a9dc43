from django.urls import path

from collaboration.canned import views

app_name = "canned"
urlpatterns = [
    path("workspace/canned/", views.search, name="search"),
    path("settings/canned/", views.index, name="index"),
    path("settings/canned/new/", views.edit, name="new"),
    path("settings/canned/<int:pk>/", views.edit, name="edit"),
    path("settings/canned/<int:pk>/remove/", views.remove, name="remove"),
]
