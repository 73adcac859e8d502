"""Where a request comes from: for limits, and for the log of who signed in."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

THIS_MACHINE = "127.0.0.1"


def client_address(request: HttpRequest) -> str:
    """Return the address that the outermost of TRUSTED_PROXIES was called from.

    Each proxy adds the address of its own caller at the end of X-Forwarded-For. What stands before those of the trusted
    proxies anybody may have written, and counts for nothing.
    """
    seen = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    outermost = settings.TRUSTED_PROXIES
    claimed = seen[-outermost] if 0 < outermost <= len(seen) else ""
    # A socket file has no address: whoever calls there is on this machine.
    return str(_parsed(claimed) or _parsed(request.META.get("REMOTE_ADDR", "")) or THIS_MACHINE)


def client_network(request: HttpRequest) -> str:
    """Return what limits count by: an IPv4 address, or the IPv6 network of one household, as allauth counts."""
    address = ipaddress.ip_address(client_address(request))
    if address.version == 4:
        return str(address)
    return str(
        ipaddress.ip_network((int(address), settings.ALLAUTH_RATE_LIMIT_IPV6_PREFIX), strict=False).network_address
    )


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
