from django.urls import path, re_path

from conversations.intake import views

app_name = "intake"
urlpatterns = [
    path("widget.js", views.widget, name="widget"),
    path("chat/<slug:key>/", views.chat, name="chat"),
    path("chat/<slug:key>/look.js", views.look, name="look"),
    path("chat/<slug:key>/colours.css", views.colours, name="colours"),
    re_path(r"^chat/(?P<key>[-\w]+)/session/?$", views.session, name="session"),
    re_path(r"^chat/(?P<key>[-\w]+)/messages/?$", views.messages, name="messages"),
    re_path(r"^chat/(?P<key>[-\w]+)/entries/?$", views.entries, name="entries"),
    re_path(r"^chat/(?P<key>[-\w]+)/identity/?$", views.identity, name="identity"),
    re_path(r"^chat/(?P<key>[-\w]+)/conversations/?$", views.conversations, name="conversations"),
    re_path(r"^chat/(?P<key>[-\w]+)/seen/?$", views.seen, name="seen"),
    re_path(r"^chat/(?P<key>[-\w]+)/rating/?$", views.rating, name="rating"),
    re_path(r"^chat/(?P<key>[-\w]+)/contact/?$", views.contact, name="contact"),
    re_path(r"^chat/(?P<key>[-\w]+)/attributes/?$", views.attributes, name="attributes"),
    re_path(r"^chat/(?P<key>[-\w]+)/files/?$", views.files, name="files"),
    path("chat/<slug:key>/files/<uuid:file_id>/", views.file, name="file"),
]
