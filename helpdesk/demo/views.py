from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET


@require_GET
def shop(request: HttpRequest) -> HttpResponse:
    """A shop page that carries the widget, as a customer of this product would embed it."""
    return render(request, "demo/shop.html")
