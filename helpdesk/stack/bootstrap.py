"""Makes .venv and installs the given requirements file into it, only when that file changed.

Run by the Makefile with the machine's Python before anything is installed: standard library only.
"""

import hashlib
import pathlib
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"


def main() -> None:
    """The entry point: `python3 helpdesk/stack/bootstrap.py requirements.txt`."""
    requirements = PROJECT / sys.argv[1]
    stamp = VENV / (".installed-" + requirements.stem)
    wanted = fingerprint(requirements)
    if works() and stamp.is_file() and stamp.read_text() == wanted:
        return
    if not works():
        print("Making the virtual environment …", flush=True)
        if subprocess.call([sys.executable, "-m", "venv", "--clear", str(VENV)]):
            sys.exit(
                "The virtual environment could not be made: install the venv module of Python "
                "(the package python3-venv on Debian and Ubuntu)."
            )
    print(f"Installing {requirements.name} …", flush=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    options = ["--quiet", "--requirement", str(requirements)]
    if not sys.dont_write_bytecode:
        options.append("--no-compile")  # the few modules that are imported are compiled then
    if subprocess.call([*pip, "install", *options]):
        sys.exit(
            f"{requirements.name} could not be installed: read what pip says above, see that the "
            "package index can be reached, and try again."
        )
    stamp.write_text(wanted)


def fingerprint(requirements: pathlib.Path) -> str:
    """A hash of the file, the files that it includes, and the Python that runs them."""
    digest = hashlib.sha256(sys.version.encode())
    for line in requirements.read_text().splitlines():
        digest.update(line.encode() + b"\n")
        if line.startswith("-r "):
            digest.update(fingerprint(requirements.parent / line[3:].strip()).encode())
    return digest.hexdigest()


def works() -> bool:
    """Whether .venv has an interpreter that runs (its base may have been removed)."""
    try:
        probe = [
            str(PYTHON),
            "-c",
            "import pip, sys; sys.exit(sys.version_info < (3, 11))",
        ]
        return subprocess.call(probe, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


if __name__ == "__main__":
    main()
