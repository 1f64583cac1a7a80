"""Every network that is somebody's own, at its first address, its last, and both neighbours beside it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.models.providers.public_addresses import is_public

# Written down here once more, from IANA's registries, so that a line lost from the code is missed.
_SPECIAL = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32",
    "168.63.129.16/32", "::/128", "::1/128", "::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23",
    "2001::/32", "2001:1::1/128", "2001:1::2/128", "2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:10::/28",
    "2001:20::/28", "2001:30::/28", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16",
    "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
]  # fmt: skip
_METADATA = [
    "169.254.169.254", "168.63.129.16", "192.0.0.192", "100.100.100.200", "169.254.170.2", "fd00:ec2::254",
    "fd20:ce::254", "fe80::a9fe:a9fe", "::ffff:169.254.169.254", "::ffff:168.63.129.16", "::ffff:192.0.0.192",
    "64:ff9b::a9fe:a9fe", "64:ff9b::168.63.129.16", "2002:a9fe:a9fe::1", "::ffff:0:169.254.169.254",
    "::169.254.169.254",
]  # fmt: skip


@pytest.mark.parametrize("network", _SPECIAL)
def test_a_special_network_is_refused_from_end_to_end(network: str) -> None:
    block = ip_network(network)
    for address in (block[0], block[block.num_addresses // 2], block[-1]):
        assert not is_public(str(address))
        if isinstance(address, IPv4Address):
            assert not is_public(f"::ffff:{address}")
            assert not is_public(f"64:ff9b::{address}")


@pytest.mark.parametrize("address", _METADATA)
def test_where_clouds_keep_the_keys_of_their_machines_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
        "172.32.0.0", "191.255.255.255", "192.0.1.0", "198.17.255.255", "198.20.0.0", "168.63.129.15", "168.63.129.17",
        "223.255.255.255", "2606:4700::1111", "2001:200::1", "2001:4860:4860::8888", "2a00::1", "2003::1", "3ffd::1",
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
    ],
)  # fmt: skip
def test_what_lies_beside_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["localhost", "", "1.2.3", "0x7f.1", "8.8.8.8.", " 8.8.8.8", "2606:4700::1%eth0", "[2606:4700::1]", "8.8.8.8/32"],
)
def test_what_is_no_plain_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_however_it_is_wrapped(address: IPv4Address) -> None:
    plain = is_public(str(address))
    assert plain == (not any(address in net for net in map(ip_network, _SPECIAL) if isinstance(net, IPv4Network)))
    assert is_public(str(IPv6Address(0xFFFF << 32 | int(address)))) is plain
    assert is_public(str(IPv6Address(int(IPv6Address("64:ff9b::")) | int(address)))) is plain


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_outside_the_space_given_out_is_public(address: IPv6Address) -> None:
    wrapped = address.ipv4_mapped is not None or address in IPv6Network("64:ff9b::/96")
    if is_public(str(address)) and not wrapped:
        assert address in IPv6Network("2000::/3")
        assert address.is_global
