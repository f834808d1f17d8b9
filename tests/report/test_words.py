"""Words that pages and formats share."""

import pytest

from pmiptrace.address import address_octets
from pmiptrace.model import Identifier, Party
from pmiptrace.report.words import party_name

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
