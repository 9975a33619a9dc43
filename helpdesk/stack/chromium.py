"""The browser of the browser tests: found, or installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from helpdesk.stack.errors import CannotStart

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = (
    "chromium",
    "fonts-noto-cjk",
)  # the fonts, because the tests look at Chinese pages


def ensure_chromium() -> Path:
    """The path of a Chromium, installed if there was none. Raises CannotStart."""
    for attempt in (None, _install_with_apt, _install_with_playwright):
        if attempt is not None:
            attempt()
        if found := _find():
            return found
    raise CannotStart(
        "The browser tests need Chromium and it could not be installed: install the package "
        "chromium, or run `.venv/bin/playwright install --with-deps chromium`."
    )


def _find() -> Path | None:
    for name in NAMES:
        if path := shutil.which(name):
            return Path(path)
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    return max(cache.glob("chromium-*/chrome-linux*/chrome"), default=None)


def _install_with_apt() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    print("Installing Chromium for the browser tests …", flush=True)
    install = ["install", "--yes", "--no-install-recommends", *PACKAGES]
    for command in (["update"], install):
        subprocess.run(
            ["apt-get", "--quiet", *command],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.DEVNULL,
            check=False,  # whether it helped is seen by looking for it again
        )


def _install_with_playwright() -> None:
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
