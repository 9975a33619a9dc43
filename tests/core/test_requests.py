"""Requests from outside and a database that is away: never a failure of ours."""

import io

import psycopg
import pytest
from django.db import InterfaceError
from django.test import RequestFactory

from helpdesk.core.web.errors import server_error
from helpdesk.wsgi import application


def read(content_type, query="q=%E5%A5%BD", body=b""):
    return application.request_class(
        {
            "REQUEST_METHOD": "POST",
            "QUERY_STRING": query,
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
    )


@pytest.mark.parametrize("charset", ["zlib", "unicode_escape", "utf-16", "undefined", "idna", "%"])
def test_no_charset_but_utf_8_is_believed(charset):
    assert read(f"text/plain; charset={charset}").GET["q"] == "好"
    form = read(f"application/x-www-form-urlencoded; charset={charset}", body=b"body=%E5%A5%BD")
    assert form.POST["body"] == "好"
    parts = b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\n\xe5\xa5\xbd\r\n--x--\r\n'
    form = read(f"multipart/form-data; boundary=x; charset={charset}", body=parts)
    assert form.POST["body"] == "好"


@pytest.mark.parametrize("charset", ["unknown''%41", "utf-8''%00", "undefined''%41", "zlib''%41"])
def test_a_content_type_that_cannot_be_read_is_none(charset):
    for name in ("charset", "boundary"):
        request = read(f"multipart/form-data; {name}*={charset}", body=b"--x--")
        assert request.GET["q"] == "好"


@pytest.mark.parametrize(
    "error", [psycopg.OperationalError, psycopg.InterfaceError, InterfaceError]
)
def test_a_database_out_of_reach_is_no_bug_whoever_says_so(error):
    request = RequestFactory().get("/", headers={"accept": "application/json"})
    try:
        raise error("the connection is closed")
    except error:
        assert server_error(request).status_code == 503
