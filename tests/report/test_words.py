"""Words that pages and formats share."""

import pytest
from json_factory import session
from msgspec.structs import replace

from pmiptrace.address import address_octets
from pmiptrace.model import Identifier, Moment, Party, Prefix
from pmiptrace.report.words import networks, party_name

ADDRESS = address_octets("2001:db8::1")


@pytest.mark.parametrize(
    ("party", "name"),
    [
        (Party("MAG", ADDRESS, Identifier(1, b"mag1@example.com")), "MAG mag1@example.com"),
        (Party("MAG", ADDRESS, Identifier(1, b"")), "MAG 2001:db8::1"),
        (Party("MAG", ADDRESS, None), "MAG 2001:db8::1"),
        (Party("MAG", None, Identifier(1, b"")), "MAG"),
        (Party("unknown", None, None), "party unknown"),
    ],
)
def test_who_is_accused_has_a_name(party: Party, name: str) -> None:
    """An empty identifier is none."""
    assert party_name(party) == name


def test_an_ipv4_home_address_is_named_once_it_was_granted() -> None:
    asked = replace(session(), ipv4_home_address=Prefix(bytes((10, 1, 2, 3)), 24))
    assert networks(asked) == "2001:db8:100::/64"
    granted = replace(asked, ipv4_since=Moment(0, 2, 0))
    assert networks(granted) == "2001:db8:100::/64, 10.1.2.3/24"
    assert networks(replace(granted, prefixes=())) == "10.1.2.3/24"
