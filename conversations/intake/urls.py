from django.urls import path, re_path

from conversations.intake import views

app_name = "intake"
urlpatterns = [
    path("widget.js", views.widget, name="widget"),
    path("chat/<slug:key>/", views.chat, name="chat"),
    re_path(r"^chat/(?P<key>[-\w]+)/session/?$", views.session, name="session"),
    re_path(r"^chat/(?P<key>[-\w]+)/messages/?$", views.messages, name="messages"),
    re_path(r"^chat/(?P<key>[-\w]+)/entries/?$", views.entries, name="entries"),
    re_path(r"^chat/(?P<key>[-\w]+)/files/?$", views.files, name="files"),
    path("chat/<slug:key>/files/<uuid:file_id>/", views.file, name="file"),
]
