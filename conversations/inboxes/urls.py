from django.urls import path

from conversations.inboxes import views

app_name = "inboxes"
one = "settings/inboxes/<int:pk>/"
urlpatterns = [
    path("settings/inboxes/", views.index, name="index"),
    path("settings/inboxes/new/", views.new, name="new"),
    path(one, views.edit, name="edit"),
    path(one + "secret/", views.renew_secret, name="secret"),
    path(one + "preview/", views.preview, name="preview"),
    path(one + "preview/colours.css", views.preview_colours, name="preview-colours"),
]
