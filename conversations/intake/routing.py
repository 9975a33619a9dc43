from django.urls import re_path

from conversations.intake.consumers import ChatConsumer

websocket_urlpatterns = [
    re_path(r"^ws/chat/(?P<key>[-\w]{1,60})/$", ChatConsumer.as_asgi()),
]
