from django.urls import path
from django.views.i18n import set_language

from permissions.accounts import second_factor_views, security_views, session_views, views

app_name = "accounts"
urlpatterns = [
    path("login/", views.SignIn.as_view(), name="login"),
    path("login/code/", second_factor_views.sign_in_code, name="sign-in-code"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("language/", set_language, name="language"),
    path("profile/", views.profile, name="profile"),
    path("profile/status/", views.status, name="status"),
    path("profile/second-factor/", second_factor_views.second_factor, name="second-factor"),
    path("profile/sign-ins/", session_views.own, name="sign-ins-own"),
    path("profile/sign-ins/end/", session_views.end_all, name="sign-ins-end-all"),
    path("profile/sign-ins/<int:pk>/end/", session_views.end, name="sign-in-end"),
    path("settings/sign-ins/", session_views.everybody, name="sign-ins"),
    path("settings/security/", security_views.security, name="security"),
    path(
        "settings/agents/<int:pk>/reset-second-factor/",
        second_factor_views.reset,
        name="second-factor-reset",
    ),
]
