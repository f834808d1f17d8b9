"""Numbers, names and lists as people read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pmiptrace.address import address_text
from pmiptrace.model import BaselineResult, Binding, MagNode, Moment, Party, Session
from pmiptrace.wire.codes import ACCESS_TECHNOLOGY_SHORT


def joined(parts: Iterable[str]) -> str:
    """Join words with commas."""
    return ", ".join(parts)


def count(number: int) -> str:
    """Write a number, its thousands apart from five digits on."""
    return f"{number:,}".replace(",", " ") if number >= 10_000 else str(number)


def word(number: int, singular: str, plural: str | None = None) -> str:
    """Give the form of a word that goes with a number."""
    return singular if number == 1 else plural or f"{singular}s"


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Write a number with what it counts."""
    return f"{count(number)} {word(number, singular, plural)}"


def tally(counts: Counter[str]) -> str:
    """Write how many there are of each, most frequent first."""
    return joined(f"{count(number)} {name}" for name, number in counts.most_common())


def known_words(by: Counter[str], baseline: BaselineResult | None) -> str:
    """Say how many findings are left out as known, by what, and what of that is gone.

    Nothing if there is nothing of that.
    """
    parts = (
        (by["baseline"], "by the baseline"),
        (by["ignore"], "by ignores of the configuration"),
    )
    known = [(number, what) for number, what in parts if number]
    words = []
    if len(known) == 1:
        words.append(f"{counted(by.total(), 'finding')} suppressed {known[0][1]}")
    elif known:
        each = joined(f"{count(number)} {what}" for number, what in known)
        words.append(f"{counted(by.total(), 'finding')} suppressed: {each}")
    if baseline is not None and (gone := len(baseline.gone)):
        entries = counted(gone, "entry of the baseline is", "entries of the baseline are")
        words.append(f"{entries} no longer found")
    return "; ".join(words)


def nothing_found(suppressed: Counter[str]) -> str:
    """Say that no violation is left, of whatever what is `suppressed` may be."""
    return "No new violation found" if suppressed.total() else "No violation found"


def shortened(name: str, limit: int = 16) -> str:
    """Give enough of a long name to find it where it stands whole."""
    return name if len(name) <= limit else f"{name[: limit - 1]}…"


def frame_place(moment: Moment, captures: int) -> str:
    """Give a frame number, with that of its capture if there are several; ``-`` for no frame."""
    if moment.frame is None:
        return "-"
    return f"{moment.capture + 1}:{moment.frame}" if captures > 1 else str(moment.frame)


def mag_name(mag: MagNode | None) -> str:
    """Name a MAG by its identifier, else by the address it used first."""
    if mag is None:
        return ""
    if mag.identifier is not None:
        return str(mag.identifier)
    return address_text(mag.addresses[0]) if mag.addresses else ""


def node_name(session: Session) -> str:
    """Name the mobile node of a session."""
    return "unknown mobile node" if session.mobile_node is None else str(session.mobile_node)


def networks(session: Session) -> str:
    """List the prefixes of a session, and its IPv4 home address."""
    return joined(map(str, filter(None, (*session.prefixes, session.granted_ipv4))))


def party_name(party: Party) -> str:
    """Name who is accused: role, then identifier or address."""
    role = "host" if party.role == "unknown" else party.role
    if party.identifier is not None and party.identifier.octets:  # not an empty one
        return f"{role} {party.identifier}"
    if party.address is not None:
        return f"{role} {address_text(party.address)}"
    return "party unknown" if party.role == "unknown" else role


def access_name(binding: Binding) -> str:
    """Name the access of the path, else that of the mobile node's attachment."""
    number = (
        binding.interface_att if binding.interface_att is not None else binding.access_technology
    )
    return "" if number is None else ACCESS_TECHNOLOGY_SHORT.get(number, f"ATT {number}")
