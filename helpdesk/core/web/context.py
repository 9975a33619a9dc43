from typing import Any

from django.conf import settings
from django.http import HttpRequest


def product(request: HttpRequest) -> dict[str, Any]:
    """What every page knows."""
    return {"demo": settings.DEMO}
