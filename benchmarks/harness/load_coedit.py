"""Load client of coedit.py: hands over to Node, where Yjs itself does the editing."""

from __future__ import annotations

import os

from harness.servers import install


def main() -> None:
    """Become peers/coedit/load.js, which reads the job from our stdin."""
    os.chdir(install("coedit"))
    os.execvp("node", ["node", "load.js"])


if __name__ == "__main__":
    main()
