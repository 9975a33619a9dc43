"""Whose address a request comes from. A header is believed only from a proxy we were told of."""

import ipaddress

from django.conf import settings


def client_address(peer: str | None, real_ip: str = "") -> str:
    """The client's IP address: the peer's, or X-Real-IP where a trusted proxy is the peer."""
    peer = peer or "local"  # a unix socket has no address
    if real_ip and peer in settings.TRUSTED_PROXIES:
        try:
            return str(ipaddress.ip_address(real_ip.strip()))
        except ValueError:
            pass
    return peer
