from django.urls import re_path

from collaboration.drafts.consumers import DraftConsumer

# Yjs clients join address and room with a slash and add none of their own.
websocket_urlpatterns = [
    re_path(
        r"^ws/drafts/(?P<pk>[0-9a-f-]{36})(?:/(?P<kind>note|sensitive))?/?$",
        DraftConsumer.as_asgi(),
    )
]
