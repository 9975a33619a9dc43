"""What the log says of requests that are refused."""

import io
import logging

from helpdesk.core.logs import OneLine


def test_a_request_with_too_much_in_it_is_one_line_of_the_log(client, monkeypatch):
    handlers = logging.getLogger("django.security").handlers
    handler = next(one for one in handlers if isinstance(one.formatter, OneLine))
    log = io.StringIO()
    monkeypatch.setattr(handler, "stream", log)
    answer = client.post("/login/", {f"field{number}": "" for number in range(1_001)})
    assert answer.status_code == 400
    assert log.getvalue().count("\n") == 1
    assert "exceeded" in log.getvalue()
