from django.urls import path

from conversations.grants import views

app_name = "rights"
urlpatterns = [
    path("settings/rights/", views.inboxes, name="inboxes"),
    path("settings/rights/<int:pk>/", views.rights, name="matrix"),
    path("settings/why/", views.asked, name="why"),
    path("settings/why/give/", views.give, name="give"),
    path("settings/why/<int:pk>/revoke/", views.revoke, name="revoke"),
]
