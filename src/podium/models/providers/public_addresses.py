"""Which addresses anybody on the internet could reach: the question before Podium connects where a caller says.

The list is Podium's own, so that the answer does not change with the version of Python. It follows IANA's registries
of special-purpose IPv4 and IPv6 addresses and of IPv6 global unicast space, and is stricter where nothing would be
lost: blocks of which some part is private are refused whole, and so are tunnels (6to4, Teredo), whose far end is for
whoever carries them to choose.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network (RFC 791)
            "10.0.0.0/8",  # private use (RFC 1918)
            "100.64.0.0/10",  # shared behind a carrier's NAT (RFC 6598); one cloud's metadata, 100.100.100.200
            "127.0.0.0/8",  # loopback (RFC 1122)
            "168.63.129.16/32",  # public by number, but Azure's own services within it
            "169.254.0.0/16",  # link local (RFC 3927), and most clouds' metadata
            "172.16.0.0/12",  # private use (RFC 1918)
            "192.0.0.0/24",  # protocol assignments (RFC 6890); one cloud's metadata, 192.0.0.192
            "192.0.2.0/24",  # documentation (RFC 5737)
            "192.31.196.0/24",  # AS112 (RFC 7535): whichever sink is nearest
            "192.52.193.0/24",  # AMT (RFC 7450): whichever relay is nearest
            "192.88.99.0/24",  # 6to4 relays (RFC 7526)
            "192.168.0.0/16",  # private use (RFC 1918)
            "192.175.48.0/24",  # AS112 (RFC 7534)
            "198.18.0.0/15",  # benchmarking (RFC 2544)
            "198.51.100.0/24",  # documentation (RFC 5737)
            "203.0.113.0/24",  # documentation (RFC 5737)
            "224.0.0.0/4",  # multicast (RFC 5771)
            "240.0.0.0/4",  # reserved (RFC 1112), broadcast among them
        ),
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")
"""The only space IANA gives global addresses from; loopback, local, multicast and mapped ones lie outside."""
_NOT_PUBLIC_6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments (RFC 2928): Teredo, benchmarking, ORCHID, AMT, drones
            "2001:db8::/32",  # documentation (RFC 3849)
            "2002::/16",  # 6to4 (RFC 3056)
            "2620:4f:8000::/48",  # AS112 (RFC 7534)
            "3ffe::/16",  # a test network that was given back (RFC 3701)
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""How a network without IPv4 reaches it (RFC 6052). What the last 32 bits name is what answers."""


def is_public(address: str) -> bool:
    """Whether an address, as text, is one anybody could reach; False for what is no address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return _is_public_4(ip)
    if ip.scope_id is not None:  # fe80::1%eth0: it has meaning on one link only
        return False
    inner = _inside(ip)
    if inner is not None:
        return _is_public_4(inner)
    return ip in _GLOBAL_6 and not any(ip in network for network in _NOT_PUBLIC_6)


def _is_public_4(ip: IPv4Address) -> bool:
    return not any(ip in network for network in _NOT_PUBLIC_4)


def _inside(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is really connected to, where an IPv6 one only stands for it."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
