from django.urls import path

from collaboration.approvals import rules_views, views

app_name = "approvals"
urlpatterns = [
    path("approvals/", views.waiting, name="waiting"),
    path("approvals/own/", views.own, name="own"),
    path("approvals/decided/", views.decided, name="decided"),
    path("approvals/<uuid:pk>/approve/", views.approve, name="approve"),
    path("approvals/<uuid:pk>/reject/", views.reject, name="reject"),
    path("approvals/<uuid:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("approvals/<uuid:pk>/note/", views.note, name="note"),
    path("approvals/<uuid:pk>/files/<uuid:file_id>/", views.file, name="file"),
    path(
        "workspace/conversations/<uuid:pk>/approvals/", views.in_conversation, name="conversation"
    ),
    path("settings/approvals/", rules_views.rules, name="rules"),
]
