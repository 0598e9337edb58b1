"""Which addresses and ports the program connects to: those of the open web. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

WEB_PORTS = frozenset({80, 443})

# Of IPv6 only this is given out to the world; all else is local, a wrapped IPv4 address or not in use (RFC 4291 §2.4,
# IANA's registry of global unicast address space).
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# RFC 6052 §2.1: the prefix under which IPv6-only networks reach IPv4 addresses. Not 64:ff9b:1::/48 (RFC 8215), under
# which each network reaches what it likes.
_NAT64 = IPv6Network("64:ff9b::/96")
# RFC 5214 §6.1: an interface identifier that wraps an IPv4 address.
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})

# Inside what the standard library takes for public (IANA's registries of special-purpose addresses, and one cloud).
_REFUSED_4 = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments, among them a cloud's metadata (192.0.0.192)
    IPv4Network("192.88.99.0/24"),  # relays from 6to4 (RFC 7526)
    IPv4Network("168.63.129.16/32"),  # Azure's services of the host, to every machine there
)
_REFUSED_6 = (
    IPv6Network("2001::/23"),  # protocol assignments: Teredo, ORCHID, benchmarks
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4 (RFC 7526)
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is on the open internet; NAT64 and ISATAP addresses are what they wrap."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not any(address in net for net in _REFUSED_4)
    wrapped = IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.scope_id is None and address in _NAT64:
        return is_public(wrapped)
    if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP and not is_public(wrapped):
        return False
    public = address in _GLOBAL_UNICAST and address.scope_id is None
    return public and not any(address in net for net in _REFUSED_6)


def ports_of(urls: Iterable[str]) -> frozenset[int]:
    """The ports of the web, and those that `urls` name; what is no address names none."""
    named = set()
    for url in urls:
        with suppress(ValueError):
            named.add(urlsplit(url).port)
    return WEB_PORTS | {port for port in named if port}
