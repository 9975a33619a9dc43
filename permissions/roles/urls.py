from django.urls import path

from permissions.accounts import people_views as people
from permissions.roles import views

app_name = "people"
urlpatterns = [
    path("settings/agents/", people.agents, name="agents"),
    path("settings/agents/new/", people.invite, name="invite"),
    path("settings/agents/<int:pk>/", people.agent, name="agent"),
    path("settings/agents/<int:pk>/deactivate/", people.deactivate, name="deactivate"),
    path("settings/agents/<int:pk>/reactivate/", people.reactivate, name="reactivate"),
    path("settings/agents/<int:pk>/password-link/", people.password_link, name="password-link"),
    path("welcome/<str:uid>/<str:token>/", people.welcome, name="welcome"),
    path("settings/teams/", people.teams, name="teams"),
    path("settings/teams/new/", people.team, name="new-team"),
    path("settings/teams/<int:pk>/", people.team, name="team"),
    path("settings/teams/<int:pk>/remove/", people.remove_team, name="remove-team"),
    path("settings/roles/", views.roles, name="roles"),
    path("settings/roles/new/", views.role, name="new-role"),
    path("settings/roles/<int:pk>/", views.role, name="role"),
    path("settings/roles/<int:pk>/remove/", views.remove, name="remove-role"),
]
