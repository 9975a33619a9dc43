from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_GET

from conversations.intake.sessions import language_of
from helpdesk.demo.shop import PRODUCTS


@require_GET
def shop(request: HttpRequest) -> HttpResponse:
    """A shop page that carries the widget, as a customer of this product would embed it."""
    language = language_of(request)
    with translation.override(language):
        return render(request, "demo/shop.html", {"products": PRODUCTS, "language": language})
