"""Every address is in this table with who may use it: a new one that is missing here fails."""

import re
import uuid
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.conftest import Browser, Cast

# address → method, then the status for amy (all rights), ben (may look), eve (outside), a
# stranger who is not signed in. 302 leads to the sign-in page, 401 tells a program to sign in.
TABLE: dict[str, tuple[str, int, int, int, int]] = {
    "": ("get", 302, 302, 302, 302),
    "healthz": ("get", 200, 200, 200, 200),
    "readyz": ("get", 200, 200, 200, 200),
    "jsi18n/": ("get", 200, 200, 200, 200),
    "login/": ("get", 302, 302, 302, 200),
    "logout/": ("post", 302, 302, 302, 302),
    "language/": ("post", 302, 302, 302, 302),
    "settings/": ("get", 302, 302, 302, 302),
    "profile/": ("get", 200, 200, 200, 302),
    "login/code/": ("get", 302, 302, 302, 302),
    "profile/second-factor/": ("get", 200, 200, 200, 302),
    "profile/sign-ins/": ("get", 200, 200, 200, 302),
    "profile/sign-ins/end/": ("post", 302, 302, 302, 401),
    "profile/sign-ins/<int:pk>/end/": ("post", 404, 404, 404, 401),
    "settings/sign-ins/": ("get", 403, 403, 403, 302),
    "settings/security/": ("get", 403, 403, 403, 302),
    "settings/agents/<int:pk>/reset-second-factor/": ("post", 403, 403, 403, 401),
    "settings/audit/": ("get", 403, 403, 403, 302),
    "settings/audit/state/": ("get", 403, 403, 403, 302),
    "settings/audit/verify/": ("post", 403, 403, 403, 401),
    "profile/status/": ("post", 422, 422, 422, 401),
    "settings/collaboration/": ("get", 403, 403, 403, 302),
    "settings/internal-messages/": ("get", 403, 403, 403, 302),
    "reports/": ("get", 302, 302, 302, 302),
    "reports/working-together/": ("get", 403, 403, 403, 302),
    "reports/working-together/export/": ("post", 403, 403, 403, 401),
    "settings/inboxes/": ("get", 403, 403, 403, 302),
    "settings/inboxes/new/": ("get", 403, 403, 403, 302),
    "settings/inboxes/<int:pk>/": ("get", 404, 404, 404, 302),
    "settings/inboxes/<int:pk>/secret/": ("post", 404, 404, 404, 401),
    "settings/inboxes/<int:pk>/preview/": ("get", 404, 404, 404, 302),
    "settings/inboxes/<int:pk>/preview/colours.css": ("get", 404, 404, 404, 302),
    "settings/agents/": ("get", 403, 403, 403, 302),
    "settings/agents/new/": ("get", 403, 403, 403, 302),
    "settings/agents/<int:pk>/": ("get", 403, 403, 403, 302),
    "settings/agents/<int:pk>/deactivate/": ("get", 403, 403, 403, 302),
    "settings/agents/<int:pk>/reactivate/": ("post", 403, 403, 403, 401),
    "settings/agents/<int:pk>/password-link/": ("post", 403, 403, 403, 401),
    "welcome/<str:uid>/<str:token>/": ("get", 404, 404, 404, 404),
    "settings/teams/": ("get", 403, 403, 403, 302),
    "settings/teams/new/": ("get", 403, 403, 403, 302),
    "settings/teams/<int:pk>/": ("get", 403, 403, 403, 302),
    "settings/teams/<int:pk>/remove/": ("get", 403, 403, 403, 302),
    "settings/roles/": ("get", 403, 403, 403, 302),
    "settings/roles/new/": ("get", 403, 403, 403, 302),
    "settings/roles/<int:pk>/": ("get", 403, 403, 403, 302),
    "settings/roles/<int:pk>/remove/": ("post", 403, 403, 403, 401),
    "settings/rights/": ("get", 403, 403, 403, 302),
    "settings/rights/<int:pk>/": ("get", 403, 403, 403, 302),
    "settings/why/": ("get", 403, 403, 403, 302),
    "settings/why/give/": ("post", 404, 404, 404, 401),
    "settings/why/<int:pk>/revoke/": ("post", 404, 404, 404, 401),
    "settings/notices/": ("get", 200, 200, 200, 302),
    "workspace/notices/": ("get", 200, 200, 200, 302),
    "workspace/notices/read-all/": ("post", 302, 302, 302, 401),
    "workspace/notices/<int:notice_id>/read/": ("post", 302, 302, 302, 401),
    "workspace/conversations/<uuid:pk>/mentionable/": ("get", 200, 200, 404, 302),
    "approvals/": ("get", 200, 200, 200, 302),
    "approvals/own/": ("get", 200, 200, 200, 302),
    "approvals/decided/": ("get", 200, 200, 200, 302),
    "approvals/<uuid:pk>/approve/": ("post", 404, 404, 404, 401),
    "approvals/<uuid:pk>/reject/": ("post", 422, 422, 422, 401),
    "approvals/<uuid:pk>/withdraw/": ("post", 404, 404, 404, 401),
    "approvals/<uuid:pk>/note/": ("post", 404, 404, 404, 401),
    "approvals/<uuid:pk>/files/<uuid:file_id>/": ("get", 404, 404, 404, 302),
    "workspace/conversations/<uuid:pk>/approvals/": ("get", 200, 200, 404, 302),
    "workspace/conversations/<uuid:pk>/edit/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/edits/": ("get", 404, 404, 404, 302),
    "workspace/conversations/<uuid:pk>/recall/": ("post", 404, 404, 404, 401),
    "settings/approvals/": ("get", 403, 403, 403, 302),
    "widget.js": ("get", 200, 200, 200, 200),
    "chat/<slug:key>/": ("get", 200, 200, 200, 200),
    "chat/(?P<key>[-\\w]+)/session/?": ("post", 201, 201, 201, 201),
    "chat/(?P<key>[-\\w]+)/messages/?": ("post", 401, 401, 401, 401),
    "chat/(?P<key>[-\\w]+)/entries/?": ("get", 401, 401, 401, 401),
    "chat/<slug:key>/look.js": ("get", 200, 200, 200, 200),
    "chat/<slug:key>/colours.css": ("get", 200, 200, 200, 200),
    "chat/(?P<key>[-\\w]+)/identity/?": ("post", 200, 200, 200, 200),
    "chat/(?P<key>[-\\w]+)/conversations/?": ("get", 401, 401, 401, 401),
    "chat/(?P<key>[-\\w]+)/seen/?": ("post", 401, 401, 401, 401),
    "chat/(?P<key>[-\\w]+)/rating/?": ("post", 401, 401, 401, 401),
    "chat/(?P<key>[-\\w]+)/contact/?": ("post", 401, 401, 401, 401),
    "chat/(?P<key>[-\\w]+)/attributes/?": ("post", 401, 401, 401, 401),
    "chat/(?P<key>[-\\w]+)/files/?": ("post", 401, 401, 401, 401),
    "chat/<slug:key>/files/<uuid:file_id>/": ("get", 401, 401, 401, 401),
    "workspace/": ("get", 200, 200, 200, 302),
    "workspace/conversations/": ("get", 200, 200, 200, 302),
    "workspace/conversations/counts/": ("get", 200, 200, 200, 302),
    "workspace/conversations/filters/": ("get", 200, 200, 200, 302),
    "workspace/conversations/bulk/": ("post", 422, 422, 422, 401),
    "workspace/conversations/bulk/<uuid:pk>/": ("get", 404, 404, 404, 302),
    "workspace/views/": ("get", 200, 200, 200, 302),
    "workspace/views/<int:pk>/": ("post", 422, 422, 422, 401),
    "workspace/views/<int:pk>/remove/": ("post", 404, 404, 404, 401),
    "workspace/conversations/<uuid:pk>/": ("get", 200, 200, 404, 302),
    "workspace/conversations/(?P<pk>[0-9a-f-]{36})/entries/?": ("get", 200, 200, 404, 302),
    "workspace/conversations/<uuid:pk>/parts/": ("get", 200, 200, 404, 302),
    "workspace/conversations/<uuid:pk>/catch-up/": ("get", 204, 204, 404, 302),
    "workspace/conversations/<uuid:pk>/row/": ("get", 200, 200, 404, 302),
    "workspace/conversations/<uuid:pk>/people/": ("get", 200, 200, 404, 302),
    "workspace/conversations/<uuid:pk>/mergeable/": ("get", 200, 200, 404, 302),
    "workspace/conversations/<uuid:pk>/messages/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/notes/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/join/": ("post", 302, 403, 404, 401),
    "workspace/conversations/<uuid:pk>/leave/": ("post", 302, 302, 404, 401),
    "workspace/conversations/<uuid:pk>/claim/": ("post", 302, 403, 404, 401),
    "workspace/conversations/<uuid:pk>/assign/": ("post", 302, 403, 404, 401),
    "workspace/conversations/<uuid:pk>/resolve/": ("post", 302, 403, 404, 401),
    "workspace/conversations/<uuid:pk>/reopen/": ("post", 302, 403, 404, 401),
    "workspace/conversations/<uuid:pk>/invite/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/take-over/": ("post", 302, 403, 404, 401),
    "workspace/conversations/<uuid:pk>/transfer/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/snooze/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/priority/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/tags/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/issue-type/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/export/": ("post", 403, 403, 404, 401),
    "workspace/labels/": ("get", 200, 200, 200, 302),
    "workspace/conversations/<uuid:pk>/mode/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/spam/": ("post", 302, 403, 404, 401),
    "workspace/conversations/<uuid:pk>/not-spam/": ("post", 302, 403, 404, 401),
    "workspace/conversations/<uuid:pk>/block/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/unblock/": ("post", 302, 403, 404, 401),
    "workspace/conversations/<uuid:pk>/merge/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/unread/": ("post", 302, 302, 404, 401),
    "workspace/conversations/<uuid:pk>/read/": ("post", 200, 200, 404, 401),
    "workspace/conversations/<uuid:pk>/files/": ("post", 422, 422, 404, 401),
    "workspace/files/<uuid:file_id>/": ("get", 404, 404, 404, 302),
    "appearance/": ("post", 302, 302, 302, 302),
    "workspace/conversations/<uuid:pk>/timeline/": ("get", 200, 200, 404, 302),
    "workspace/conversations/<uuid:pk>/timeline/<uuid:past>/": ("get", 404, 404, 404, 302),
    "workspace/conversations/<uuid:pk>/context/notes/": ("get", 200, 200, 404, 302),
    "workspace/conversations/<uuid:pk>/context/files/": ("get", 200, 200, 404, 302),
    "workspace/customers/": ("get", 200, 200, 200, 302),
    "workspace/customers/<uuid:pk>/": ("get", 404, 404, 404, 302),
    "workspace/customers/<uuid:pk>/facts/": ("get", 404, 404, 404, 302),
    "workspace/customers/<uuid:pk>/history/": ("get", 404, 404, 404, 302),
    "workspace/customers/<uuid:pk>/reveal/": ("post", 404, 404, 404, 401),
    "workspace/customers/<uuid:pk>/fields/<slug:key>/": ("get", 404, 404, 404, 302),
    "workspace/customers/<uuid:pk>/fields/<slug:key>/undo/": ("post", 404, 404, 404, 401),
    "workspace/reveals/<uuid:pk>/revoke/": ("post", 404, 404, 404, 401),
    "settings/customer-fields/": ("get", 403, 403, 403, 302),
    "settings/customer-fields/new/": ("get", 403, 403, 403, 302),
    "settings/customer-fields/<int:pk>/": ("get", 403, 403, 403, 302),
    "settings/customer-fields/<int:pk>/archive/": ("post", 403, 403, 403, 401),
    "settings/customer-fields/<int:pk>/move/": ("post", 403, 403, 403, 401),
    "settings/access/": ("get", 403, 403, 403, 302),
    "workspace/drafts/": ("get", 200, 200, 200, 302),
    "workspace/conversations/<uuid:pk>/private-draft/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/draft/": ("get", 200, 200, 404, 302),
    "workspace/conversations/<uuid:pk>/draft/preview/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/draft/send/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/draft/files/": ("get", 200, 200, 404, 302),
    "workspace/conversations/<uuid:pk>/draft/files/<uuid:file_id>/remove/": (
        ("post", 404, 404, 404, 401)
    ),
    "workspace/sent-replies/": ("get", 200, 200, 200, 302),
    "workspace/conversations/<uuid:pk>/suggest/": ("post", 422, 422, 422, 401),
    "workspace/conversations/<uuid:pk>/suggestions/": ("get", 200, 200, 404, 302),
    "workspace/conversations/<uuid:pk>/suggestions/own/": ("get", 200, 200, 404, 302),
    "workspace/conversations/<uuid:pk>/suggestions/<int:suggestion>/use/": (
        ("post", 404, 403, 404, 401)
    ),
    "workspace/conversations/<uuid:pk>/suggestions/<int:suggestion>/decline/": (
        ("post", 404, 403, 404, 401)
    ),
    "workspace/conversations/<uuid:pk>/suggestions/<int:suggestion>/withdraw/": (
        ("post", 404, 404, 404, 401)
    ),
    "workspace/canned/": ("get", 200, 200, 200, 302),
    "settings/canned/": ("get", 200, 200, 200, 302),
    "settings/canned/new/": ("get", 200, 200, 200, 302),
    "settings/canned/<int:pk>/": ("get", 404, 404, 404, 302),
    "settings/canned/<int:pk>/remove/": ("post", 404, 404, 404, 401),
}

# The auditors' site is not there for anybody else.
RECORDS = (
    "permissions/auditrecord",
    "permissions/seal",
    "permissions/auditcheck",
    "permissions/agent",
    "permissions/role",
    "permissions/team",
    "permissions/approval",
    "conversations/conversation",
    "conversations/grant",
    "collaboration/shareddraft",
    "collaboration/suggestion",
)
HIDDEN = (404, 404, 404, 302)
TABLE |= {f"admin/{record}/": ("get", *HIDDEN) for record in RECORDS}
TABLE |= {f"admin/{record}/<path:object_id>/change/": ("get", *HIDDEN) for record in RECORDS}
TABLE |= {
    "admin/": ("get", *HIDDEN),
    "admin/jsi18n/": ("get", *HIDDEN),
    "admin/(?P<app_label>permissions|conversations|collaboration)/": ("get", *HIDDEN),
    "admin/(?P<url>.*)": ("get", *HIDDEN),
    "admin/permissions/auditrecord/export/<slug:format>/": ("post", *HIDDEN),
}


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern).strip("^$")
        if isinstance(pattern, URLPattern):
            yield path
        else:
            yield from addresses(pattern, path)


def test_every_address_is_in_the_table():
    assert set(addresses(get_resolver())) == set(TABLE)


@pytest.mark.parametrize("address", TABLE)
def test_who_may_use_it(cast: Cast, signed_in, address):
    method, *expected = TABLE[address]
    cast.says("Where is my order?")
    path = "/" + re.sub(r"\(\?P<key>[^)]*\)|<slug:key>", "shop", address).replace("/?", "")
    path = re.sub(r"\(\?P<pk>[^)]*\)|<uuid:pk>", str(cast.session.conversation_id), path)
    path = re.sub(r"<uuid:\w+>", str(uuid.uuid4()), path).replace("<int:pk>", "0")
    path = path.replace("<int:notice_id>", "1").replace("<path:object_id>", "1")
    path = path.replace("(?P<app_label>permissions|conversations|collaboration)", "permissions")
    path = path.replace("<slug:format>", "csv").replace("(?P<url>.*)", "x/")
    path = path.replace("<int:suggestion>", "1")
    found = []
    for who in ("amy", "ben", "eve", None):
        client = signed_in(who) if who else Browser()
        found.append(getattr(client, method)(path).status_code)
    assert found == expected


@pytest.mark.parametrize("address", [a for a in TABLE if a.startswith(("workspace", "profile"))])
def test_nothing_of_ours_is_kept_by_a_cache(cast: Cast, signed_in, address):
    path = "/" + re.sub(r"\(\?P<pk>[^)]*\)|<uuid:pk>|<uuid:file_id>", str(uuid.uuid4()), address)
    path = path.replace("<int:notice_id>", "1")
    answer = signed_in("amy").get(path.replace("/?", "").replace("<int:pk>", "0"))
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "/nothing/",
        "/workspace/conversations/7/",
        "/%00",
        "/workspace/%ff",
        "/chat/../login/",
    ],
)
def test_what_is_not_there_is_404_with_a_sentence(cast: Cast, signed_in, path):
    assert signed_in("amy").get(path).status_code == 404


def test_a_request_for_another_host_is_refused(client):
    assert client.get("/login/", headers={"host": "evil.test"}).status_code == 400


def test_what_cannot_be_read_is_400_with_a_sentence(client):
    fields = {f"field-{number}": "1" for number in range(300)}
    answer = client.post("/appearance/", fields, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (400, "refused")
    assert b"not as it should be" in client.post("/appearance/", fields).content


def test_security_headers_are_on_every_page(cast: Cast, signed_in):
    page = signed_in("amy").get("/workspace/")
    policy = page["Content-Security-Policy"]
    for part in (
        "default-src 'none'",
        "script-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
    ):
        assert part in policy
    assert "unsafe" not in policy
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["Referrer-Policy"] == "same-origin"
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in page["Permissions-Policy"]
