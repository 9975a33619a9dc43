"""The unprivileged account that runs the embedded servers when we are root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpdesk.stack.errors import CannotStart

OWN_ACCOUNT = "tandem"
OTHER_ACCOUNTS = ("nobody",)


@dataclass(frozen=True)
class Account:
    """Who runs a server: numeric ids, ready for subprocess."""

    name: str
    uid: int
    gid: int


def server_account(kept: Path) -> Account | None:
    """Who runs the servers whose files lie in `kept`; None means: whoever we are.

    Only root needs one, because PostgreSQL refuses to run as root. Files that already belong to
    somebody else keep their owner.
    """
    if os.geteuid() != 0:
        return None
    if kept.exists() and (uid := kept.stat().st_uid) != 0:
        try:
            return _as_account(pwd.getpwuid(uid))
        except KeyError:
            pass  # copied from another machine: give the files to our own account
    if account := _find(OWN_ACCOUNT) or _create(OWN_ACCOUNT):
        return account
    for name in OTHER_ACCOUNTS:
        if account := _find(name):
            return account
    raise CannotStart(
        f"PostgreSQL does not run as root: add an account for it with `useradd --system "
        f"{OWN_ACCOUNT}`, or start Tandem as another user."
    )


def run_as(account: Account | None) -> dict[str, Any]:
    """The arguments with which subprocess runs a command as `account`."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def own_directory(path: Path, account: Account | None) -> None:
    """Make `path` a directory that only its account may enter, together with all it contains."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None and not path.is_symlink() and _is_ours_to_give(path):
        for folder, _, files in os.walk(path):
            os.chown(folder, account.uid, account.gid)
            for name in files:
                path_of = Path(folder, name)
                os.chown(path_of, account.uid, account.gid, follow_symlinks=False)
    if path.lstat().st_uid != (os.geteuid() if account is None else account.uid):
        raise CannotStart(
            f"{path} belongs to another account: remove it, or start Tandem as its owner."
        )
    path.chmod(0o700)


def let_through(path: Path) -> list[Path]:
    """Let other accounts pass through the directories above `path`, without listing them.

    Returns the directories that were opened so, for the operator to know.
    """
    opened = []
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod((mode & 0o7777) | 0o011)
            opened.append(folder)
    return opened


def _is_ours_to_give(path: Path) -> bool:
    """Made by root, or by an account of another machine; never what somebody put in our way."""
    owner = path.lstat().st_uid
    try:
        return owner == 0 or not pwd.getpwuid(owner)
    except KeyError:
        return True


def _find(name: str) -> Account | None:
    try:
        return _as_account(pwd.getpwnam(name))
    except KeyError:
        return None


def _create(name: str) -> Account | None:
    command = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if command is None:
        return None
    subprocess.run(
        [command, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
        capture_output=True,
        check=False,  # another start may have been quicker, or useradd may be forbidden
    )
    return _find(name)


def _as_account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
