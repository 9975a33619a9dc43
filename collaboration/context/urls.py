from django.urls import path

from collaboration.context import views

app_name = "context"
one = "workspace/conversations/<uuid:pk>/"
urlpatterns = [
    path(one + "timeline/", views.timeline, name="timeline"),
    path(one + "timeline/<uuid:past>/", views.said, name="said"),
    path(one + "context/notes/", views.notes, name="notes"),
    path(one + "context/files/", views.files, name="files"),
]
