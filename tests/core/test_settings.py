"""A service behind https is as strict as Django's own checks ask."""

import os
import subprocess
import sys

from tests.stack.processes import PROJECT


def manage(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DEMO", "SECRET_KEY")}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={**kept, "DJANGO_SETTINGS_MODULE": "helpdesk.settings", **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_djangos_deployment_checks_find_nothing():
    secret = "a-long-random-text-made-for-this-test-7f3c91b2d4e85a60-only"
    keys = {"SECRET_KEY": secret, "DATA_KEYS": secret[::-1], "AUDIT_KEY": secret.upper()}
    done = manage("check", "--deploy", "--fail-level", "WARNING", SECURE="1", **keys)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_service_does_not_start_without_its_secret():
    done = manage("check", SECURE="1")
    assert done.returncode != 0
    assert "Set SECRET_KEY" in done.stderr


def test_guardians_old_switch_stays_off(settings):
    assert not getattr(settings, "GUARDIAN_LEGACY_GLOBAL_PERMS_GROUP_UNION", False)
    assert settings.ANONYMOUS_USER_NAME is None
    assert settings.DEBUG is False
