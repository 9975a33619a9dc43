from django.urls import path, re_path

from collaboration.workspace import views

app_name = "workspace"
one = "workspace/conversations/<uuid:pk>/"
urlpatterns = [
    path("workspace/", views.workspace, name="workspace"),
    path("workspace/conversations/", views.conversations, name="conversations"),
    path("workspace/conversations/counts/", views.counts, name="counts"),
    path(one, views.conversation, name="conversation"),
    re_path(
        r"^workspace/conversations/(?P<pk>[0-9a-f-]{36})/entries/?$",
        views.entries,
        name="entries",
    ),
    path(one + "parts/", views.parts, name="parts"),
    path(one + "row/", views.row, name="row"),
    path(one + "messages/", views.messages, name="messages"),
    path(one + "notes/", views.notes, name="notes"),
    path(one + "join/", views.join, name="join"),
    path(one + "leave/", views.leave, name="leave"),
    path(one + "claim/", views.claim, name="claim"),
    path(one + "assign/", views.assign, name="assign"),
    path(one + "resolve/", views.resolve, name="resolve"),
    path(one + "reopen/", views.reopen, name="reopen"),
    path(one + "read/", views.read, name="read"),
    path(one + "files/", views.files, name="files"),
    path("workspace/files/<uuid:file_id>/", views.file, name="file"),
]
