from django.urls import path
from django.views.i18n import set_language

from permissions.accounts import views

app_name = "accounts"
urlpatterns = [
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("language/", set_language, name="language"),
    path("profile/", views.profile, name="profile"),
    path("profile/status/", views.status, name="status"),
]
