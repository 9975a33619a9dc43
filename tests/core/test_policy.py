"""Every answer's Content-Security-Policy is the one django-csp would write."""

import pytest
from csp.middleware import CSPMiddleware
from django.http import HttpResponse
from django.test import RequestFactory

from helpdesk.core.web.policy import PolicyMiddleware

CASES = {
    "plain": {},
    "framed": {"_csp_replace": {"frame-ancestors": ["https://shop.test"]}},
    "more": {"_csp_update": {"img-src": ["data:"]}},
    "other": {"_csp_config": {"default-src": ["'none'"]}},
    "exempt": {"_csp_exempt": True},
}


@pytest.mark.parametrize("nonce", [False, True])
@pytest.mark.parametrize("own", CASES.values(), ids=CASES)
def test_the_header_is_that_of_django_csp(own, nonce, settings):
    def answered_by(middleware):
        def view(request):
            request._csp_nonce = "n" * 24 if nonce else None
            response = HttpResponse()
            vars(response).update(own)
            return response

        return dict(middleware(view)(RequestFactory().get("/")).headers)

    usual = answered_by(PolicyMiddleware)
    assert usual == answered_by(CSPMiddleware)
    assert ("Content-Security-Policy" in usual) is ("_csp_exempt" not in own)


def test_a_header_that_is_there_stays():
    answer = HttpResponse(headers={"Content-Security-Policy": "sandbox"})
    given = PolicyMiddleware(lambda request: answer)(RequestFactory().get("/"))
    assert given["Content-Security-Policy"] == "sandbox"


def test_a_nonce_that_is_asked_for_too_late_is_an_error():
    request = RequestFactory().get("/")
    PolicyMiddleware(lambda request: HttpResponse())(request)
    with pytest.raises(Exception, match="not available"):
        str(request.csp_nonce)
