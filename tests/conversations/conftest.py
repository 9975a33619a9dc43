from pathlib import Path

import pytest

from tests.conftest import Cast
from tests.conversations.dialogues import Desk


@pytest.fixture
def desk(cast: Cast, tmp_path: Path) -> Desk:
    return Desk(tmp_path)
