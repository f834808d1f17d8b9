"""What operators make: a change of a message, and what it breaks or why it breaks nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.model import Frame, Option
from pmiptrace.packet.checksum import mobility_header_checksum
from pmiptrace.simulation.mutation.place import Place
from pmiptrace.simulation.network import Packet, frame_of
from pmiptrace.wire.encode import encode
from pmiptrace.wire.messages import BindingAcknowledgement
from pmiptrace.wire.option import option_name

Effect = tuple[str, ...] | str
"""IDs of the rules that a change breaks, or why it breaks none."""

NOT_IN_CATALOGUE = "the catalogue has no rule for it"
OFFER = "legal: the flag is an offer that the LMA may decline"
UNANSWERED = "not visible: the message has no counterpart that would contradict it"
LMAS_CHOICE = "legal: the LMA may choose so"
MAGS_CHOICE = "legal: the MAG may choose so"
LOST = "not visible: the message may have been there, and missed by the capture"

OTHER_ADDRESS = b"\x20\x01\x0d\xb8\xff\xff" + bytes(9) + b"\1"
OTHER_IPV4 = b"\xc6\x33\xff\x01"
OTHER_PREFIX = b"\x20\x01\x0d\xb8\xff\xee" + bytes(10)
UNASSIGNED = 200
"""No value of the status, Handoff Indicator and Access Technology Type registries."""


class Change(Struct, frozen=True, kw_only=True):
    """What an operator does to a message."""

    operator: str
    effect: Effect
    packet: Packet | None = None
    edit: Callable[[bytes], bytes] | None = None
    """Changes the octets of the Mobility Header."""
    corrects: bool = True
    """Whether the checksum is made right again."""
    around: Callable[[Frame], list[Frame]] | None = None
    """Gives what stands in place of the frame."""


class Mutation(Struct, frozen=True):
    """One change at one place."""

    place: Place
    change: Change
    original: list[Frame]
    """The capture without the change."""

    @property
    def operator(self) -> str:
        """What is changed, in words."""
        return f"{self.place.kind}: {self.change.operator}"

    @property
    def breaks(self) -> tuple[str, ...]:
        """The IDs of the rules that the changed run breaks."""
        return () if isinstance(self.change.effect, str) else self.change.effect

    @property
    def because(self) -> str:
        """Why no rule is broken; empty if one is."""
        return self.change.effect if isinstance(self.change.effect, str) else ""

    def frames(self) -> list[Frame]:
        """Give the capture with the change."""
        sighting, change = self.place.sighting, self.change
        packet = change.packet or sighting.packet
        over_udp = packet.ports is not None
        payload = encode(
            packet.body,
            packet.options,
            source=packet.source,
            destination=packet.destination,
            checksum=0 if over_udp else None,
        )
        if change.edit is not None:
            payload = change.edit(payload)
            if change.corrects and not over_udp:
                payload = _corrected(payload, packet.source, packet.destination)
        frame = frame_of(replace(sighting, packet=packet, payload=payload), 0)
        changed = [frame] if change.around is None else change.around(frame)
        index = self.place.index
        frames = [*self.original[:index], *changed, *self.original[index + 1 :]]
        frames.sort(key=lambda frame: frame.time or 0)
        return [replace(frame, number=number) for number, frame in enumerate(frames, 1)]


Operator = Callable[[Place], Iterator[Change]]
"""Gives the changes of one kind that can be made to a message."""


def with_body(place: Place, operator: str, effect: Effect, **fields: object) -> Change:
    """Change fields of the fixed part."""
    packet = place.packet
    body = replace(packet.body, **fields)
    return Change(operator=operator, effect=effect, packet=replace(packet, body=body))


def with_options(place: Place, operator: str, effect: Effect, options: Iterable[Option]) -> Change:
    """Change what options there are."""
    packet = replace(place.packet, options=tuple(options))
    return Change(operator=operator, effect=effect, packet=packet)


def with_option(
    place: Place, option: Option, operator: str, effect: Effect, **fields: object
) -> Change:
    """Change fields of one option."""
    options = (replace(each, **fields) if each is option else each for each in place.packet.options)
    return with_options(place, f"{option_name(option)}, {operator}", effect, options)


def broken(*effects: str | bool | None, otherwise: str = "") -> Effect:
    """Give the rules among what may also be None or False; without any, the reason."""
    rules = tuple(effect for effect in effects if isinstance(effect, str))
    return rules or otherwise


def if_answered(place: Place, *rules: str, otherwise: str = UNANSWERED) -> Effect:
    """Give rules that judge a request by its answer; without one, the reason."""
    return rules if place.answer else otherwise


def with_octet(octets: bytes, *, at: int, to: int) -> bytes:
    """Give octets of which one is another."""
    return octets[:at] + bytes((to,)) + octets[at + 1 :]


def one_of_each(place: Place) -> list[Option]:
    """Give the first option of each class."""
    return list({type(option): option for option in reversed(place.packet.options)}.values())[::-1]


def status_of(packet: Packet) -> int | None:
    """Give the status of a PBA; None for anything else."""
    body = packet.body
    return body.status if isinstance(body, BindingAcknowledgement) else None


def _corrected(payload: bytes, source: bytes, destination: bytes) -> bytes:
    checksum = mobility_header_checksum(source, destination, payload)
    return payload[:4] + checksum.to_bytes(2) + payload[6:]
