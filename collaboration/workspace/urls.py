from django.urls import path, re_path

from collaboration.workspace import list_views, views

app_name = "workspace"
one = "workspace/conversations/<uuid:pk>/"
urlpatterns = [
    path("workspace/", views.workspace, name="workspace"),
    path("workspace/conversations/", list_views.conversations, name="conversations"),
    path("workspace/conversations/counts/", list_views.counts, name="counts"),
    path("workspace/conversations/filters/", list_views.filters, name="filters"),
    path("workspace/conversations/bulk/", list_views.bulk, name="bulk"),
    path("workspace/conversations/bulk/<uuid:pk>/", list_views.bulk_job, name="bulk-job"),
    path("workspace/views/", list_views.views, name="views"),
    path("workspace/views/<int:pk>/", list_views.change_view, name="change-view"),
    path("workspace/views/<int:pk>/remove/", list_views.remove_view, name="remove-view"),
    path(one, views.conversation, name="conversation"),
    re_path(
        r"^workspace/conversations/(?P<pk>[0-9a-f-]{36})/entries/?$",
        views.entries,
        name="entries",
    ),
    path(one + "parts/", views.parts, name="parts"),
    path(one + "row/", views.row, name="row"),
    path(one + "people/", views.people, name="people"),
    path(one + "mergeable/", views.mergeable, name="mergeable"),
    path(one + "messages/", views.messages, name="messages"),
    path(one + "notes/", views.notes, name="notes"),
    path(one + "join/", views.join, name="join"),
    path(one + "leave/", views.leave, name="leave"),
    path(one + "invite/", views.invite, name="invite"),
    path(one + "claim/", views.claim, name="claim"),
    path(one + "take-over/", views.take_over, name="take-over"),
    path(one + "assign/", views.assign, name="assign"),
    path(one + "transfer/", views.transfer, name="transfer"),
    path(one + "resolve/", views.resolve, name="resolve"),
    path(one + "reopen/", views.reopen, name="reopen"),
    path(one + "snooze/", views.snooze, name="snooze"),
    path(one + "priority/", views.priority, name="priority"),
    path(one + "spam/", views.spam, name="spam"),
    path(one + "not-spam/", views.not_spam, name="not-spam"),
    path(one + "block/", views.block, name="block"),
    path(one + "unblock/", views.unblock, name="unblock"),
    path(one + "merge/", views.merge, name="merge"),
    path(one + "unread/", views.unread, name="unread"),
    path(one + "read/", views.read, name="read"),
    path(one + "files/", views.files, name="files"),
    path("workspace/files/<uuid:file_id>/", views.file, name="file"),
]
