from typing import Any

from django.conf import settings
from django.http import HttpRequest

from helpdesk.core.web.appearance import theme_of


def product(request: HttpRequest) -> dict[str, Any]:
    """What every page knows."""
    return {"demo": settings.DEMO, "theme": theme_of(request)}
