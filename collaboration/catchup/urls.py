from django.urls import path

from collaboration.catchup import views

app_name = "catchup"
urlpatterns = [
    path("workspace/conversations/<uuid:pk>/catch-up/", views.since, name="since"),
]
