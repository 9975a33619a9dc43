from django.urls import path

from collaboration.drafts import views

app_name = "drafts"
urlpatterns = [
    path("workspace/drafts/", views.drafts, name="drafts"),
    path("workspace/conversations/<uuid:pk>/private-draft/", views.draft, name="draft"),
    path("workspace/conversations/<uuid:pk>/draft/", views.shared, name="shared"),
    path("workspace/conversations/<uuid:pk>/draft/preview/", views.preview, name="preview"),
    path("workspace/conversations/<uuid:pk>/draft/send/", views.send, name="send"),
    path("workspace/conversations/<uuid:pk>/draft/files/", views.files, name="files"),
    path(
        "workspace/conversations/<uuid:pk>/draft/files/<uuid:file_id>/remove/",
        views.remove_file,
        name="remove-file",
    ),
]
