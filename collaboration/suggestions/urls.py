from django.urls import path

from collaboration.suggestions import views

app_name = "suggestions"
one = "workspace/conversations/<uuid:pk>/"
urlpatterns = [
    path("workspace/sent-replies/", views.sent, name="sent"),
    path(one + "suggest/", views.suggest, name="suggest"),
    path(one + "suggestions/", views.strip, name="strip"),
    path(one + "suggestions/own/", views.own, name="own"),
    path(one + "suggestions/<int:suggestion>/use/", views.use, name="use"),
    path(one + "suggestions/<int:suggestion>/decline/", views.decline, name="decline"),
    path(one + "suggestions/<int:suggestion>/withdraw/", views.withdraw, name="withdraw"),
]
