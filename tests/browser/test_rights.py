"""Rights before real browsers: taken away, asked for, revoked, and looked up by an auditor."""

import re
import subprocess
import sys
import uuid

import httpx
import psycopg
from playwright.sync_api import Page, expect

from tests.browser.sessions import PASSWORD, csrf_token, session_of
from tests.browser.workspaces import Customer, Desk
from tests.stack.processes import PROJECT, Up, environment, wait_for

TECH = "技术支持 Technical support"


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile("saved=1"))


def lin_with_address(live: Up) -> tuple[Customer, str]:
    """Lin, and her e-mail address."""
    lin, mark = Customer(live.port), uuid.uuid4().hex[:8]
    lin.says("Where is my refund?")
    contact = {"name": f"Lin {mark}", "email": f"secret.{mark}@example.org"}
    assert lin.http.post("contact", json=contact).status_code == 200
    return lin, contact["email"]


def test_who_is_taken_out_of_a_team_loses_the_open_conversation(live, person):
    lin, mark = Customer(live.port), uuid.uuid4().hex[:8]
    lin.says(f"A secret of ours: {mark}")
    page = Desk(person().enter("agent3"), lin.conversation).page
    expect(page.locator("#entries")).to_contain_text(mark)
    page.evaluate("window.notReloaded = true")
    settings = person().enter("admin").go("/settings/teams/")
    settings.get_by_role("link", name=TECH).click()
    member = settings.get_by_label("Mia Torres")
    try:
        member.uncheck()
        save(settings)
        expect(page.locator("#main")).to_contain_text("You may not see this conversation")
        expect(page.locator("#composer")).to_have_count(0)
        expect(page.locator("#rows li.row")).to_have_count(0)
        assert mark not in page.content()
    finally:
        member.check()
        save(settings)
    expect(page.locator("#rows li.row")).not_to_have_count(0)  # theirs again
    assert page.evaluate("window.notReloaded")


def hire_trainee(live: Up) -> str:
    """As an administrator does it; the trainee chooses the password by the link."""
    name = f"trainee-{uuid.uuid4().hex[:6]}"
    admin = session_of(f"http://localhost:{live.port}", "admin")
    path = "/settings/agents/new/"
    page = admin.get(path).text
    boxes = dict(re.findall(r'value="(\d+)"[^>]*> <span>([^<]+)', page))
    chosen = {label: value for value, label in boxes.items()}
    form = {
        "username": name,
        "name": name.title(),
        "roles": chosen["Trainee"],
        "teams": chosen[TECH],
    }
    form["csrfmiddlewaretoken"] = csrf_token(admin, path)
    link = re.search(r"/welcome/[\w=-]+/[\w-]+/", admin.post(path, data=form).text)
    assert link
    with httpx.Client(base_url=f"http://localhost:{live.port}", trust_env=False) as newcomer:
        form = {"new_password1": PASSWORD, "new_password2": PASSWORD}
        form["csrfmiddlewaretoken"] = csrf_token(newcomer, link[0])
        assert newcomer.post(link[0], data=form).status_code == 302
    return name


def test_a_trainee_asks_sees_for_minutes_and_then_no_more(live, person):
    lin, email = lin_with_address(live)
    page = Desk(person().enter(hire_trainee(live)), lin.conversation).page
    fact = page.locator("#fact-email")
    expect(fact).to_contain_text("s***@example.org")
    fact.locator("[data-reveal]").click()
    reason = f"A call back {uuid.uuid4().hex[:6]}"
    page.locator("#reveal-reason").fill(reason)
    page.locator("#reveal-dialog button.primary:visible").click()
    expect(page.locator("[data-of-customer] .callout")).to_be_visible()
    assert email not in page.content()

    boss = person().enter("supervisor").go("/approvals/")
    card = boss.locator(".request", has_text=reason)
    card.locator("[data-approve]").click()
    expect(card).to_have_attribute("data-state", "done")
    expect(fact).to_contain_text(email)
    expect(fact.locator("[data-countdown]")).to_contain_text(":")

    boss.goto(f"{boss.url.split('/approvals')[0]}/settings/access/")
    boss.locator("#access tr[id^=reveal-]", has_text=reason).get_by_role("button").click()
    expect(fact).to_contain_text("s***@example.org")
    assert email not in page.content()


# --- the auditor ----------------------------------------------------------------------------


def database(live: Up) -> psycopg.Connection:
    """As the owner of the tables."""
    sockets = live.folder / "sockets"
    return psycopg.connect(f"postgresql://tandem@/tandem?host={sockets}", autocommit=True)


def verify(live: Up) -> subprocess.CompletedProcess[str]:
    more = {"TANDEM_DATA": str(live.folder), "DJANGO_SETTINGS_MODULE": "helpdesk.settings"}
    return subprocess.run(
        [sys.executable, "manage.py", "verify_audit"],
        cwd=PROJECT,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
    )


def alter(connection: psycopg.Connection, record: int, verb: str) -> None:
    connection.execute("ALTER TABLE permissions_auditrecord DISABLE TRIGGER USER")
    connection.execute("UPDATE permissions_auditrecord SET verb = %s WHERE id = %s", [verb, record])
    connection.execute("ALTER TABLE permissions_auditrecord ENABLE TRIGGER USER")


def test_an_auditor_finds_the_reveal_and_a_record_that_was_altered(live, person):
    lin, email = lin_with_address(live)
    boss = session_of(f"http://localhost:{live.port}", "supervisor")
    headers = {"X-CSRFToken": csrf_token(boss, "/profile/"), "Accept": "application/json"}
    talk = boss.get(f"/workspace/conversations/{lin.conversation}/", headers=headers).json()
    customer = talk["customer"]["id"]
    asked = {"fields": ["email"], "reason": "A refund"}
    path = f"/workspace/customers/{customer}/reveal/"
    assert boss.post(path, json=asked, headers=headers).status_code == 200

    page = person().enter("auditor").go("/admin/")
    page.get_by_role("link", name="Audit records", exact=True).first.click()
    page.locator("#changelist-filter").get_by_role("link", name="Customers", exact=True).click()
    page.locator("#searchbar").fill(f"customer.reveal {customer}")
    page.locator("#searchbar").press("Enter")
    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("赵岚")
    record = int(rows.locator("th").inner_text())
    rows.locator("th a").click()
    expect(page.locator("#content")).to_contain_text("A refund")
    assert email not in page.content()

    with database(live) as connection:

        def sealed() -> bool:
            found = connection.execute("SELECT max(last_id) FROM permissions_seal").fetchone()
            return bool(found and found[0] and found[0] >= record)

        wait_for(sealed, "a seal of the record")
        whole = verify(live)
        assert whole.returncode == 0, whole.stderr
        alter(connection, record, "customer.open")
        try:
            broken = verify(live)
        finally:
            alter(connection, record, "customer.reveal")
    assert broken.returncode == 1
    assert f"Record {record} was altered." in broken.stderr
    assert len(broken.stderr.strip().splitlines()) == 1
