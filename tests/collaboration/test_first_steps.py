"""A new installation: nothing is there yet, and every page says so."""

import pytest
from django.urls import reverse

from helpdesk.core.web.settings_pages import pages_for
from permissions.accounts.commands import invite_agent
from permissions.roles.presets import install_roles
from tests.conftest import PASSWORD, Browser


@pytest.fixture
def enter(db: None):
    """`enter("admin")`: the client of somebody with that role, before there is any inbox."""
    roles = install_roles()

    def sign_in(role: str) -> tuple[Browser, object]:
        agent = invite_agent(
            actor=None, username=role, name="First", password=PASSWORD, roles=[roles[role]]
        )
        client = Browser()
        client.force_login(agent, backend="permissions.accounts.backends.AgentBackend")
        return client, agent

    return sign_in


def test_every_settings_page_opens_for_the_first_administrator(enter) -> None:
    client, admin = enter("admin")
    pages = [page for _section, pages in pages_for(admin) for page in pages]
    assert len(pages) > 12
    for page in pages:
        answer = client.get(reverse(page.url_name))
        assert answer.status_code == 200, page.url_name
    assert "There is no inbox yet." in client.get(reverse("rights:inboxes")).text


@pytest.mark.parametrize(
    ("role", "says"), [("admin", "Make a team, open an inbox"), ("agent", "You see no inbox yet.")]
)
def test_a_desk_without_an_inbox_says_what_is_missing(enter, role: str, says: str) -> None:
    client, _agent = enter(role)
    assert says in client.get(reverse("workspace:workspace")).text
    assert says in client.get(reverse("workspace:conversations"), headers={"HX-Request": "1"}).text


def test_whoever_sees_an_inbox_is_told_about_its_conversations(signed_in) -> None:
    page = signed_in("amy").get(reverse("workspace:workspace")).text
    assert "You see no inbox yet." not in page
    assert "Nothing is waiting for you." in page
