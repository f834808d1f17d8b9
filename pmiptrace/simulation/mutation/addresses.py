"""Addresses, ports and the headers around a message."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from pmiptrace.model import Frame
from pmiptrace.packet.build import home_address, ipv6, routing_type_2
from pmiptrace.packet.numbers import DESTINATION_OPTIONS, MOBILITY_HEADER, ROUTING
from pmiptrace.simulation.mutation.change import (
    MAGS_CHOICE,
    NOT_IN_CATALOGUE,
    OTHER_ADDRESS,
    OTHER_IPV4,
    Change,
    Effect,
    Operator,
    _corrected,
    broken,
    if_answered,
)
from pmiptrace.simulation.mutation.place import Place, _ends


def addresses(place: Place) -> Iterator[Change]:
    """Change the addresses of a message."""
    packet, kind = place.packet, place.kind
    answered = bool(place.answer)
    other = OTHER_ADDRESS if packet.ports is None else OTHER_IPV4

    def change(operator: str, effect: Effect, **fields: bytes) -> Change:
        return Change(operator=operator, effect=effect, packet=replace(packet, **fields))

    swapped: dict[str, tuple[Effect, Effect]] = {
        # of the source, of the destination
        "PBU": (
            if_answered(place, "RFC5213-5.3.6-ADDR"),
            if_answered(place, "RFC5213-5.3.6-ADDR"),
        ),
        "PBA": (("RFC5213-5.3.6-ADDR",), ("RFC5213-5.3.6-ADDR",)),
        "UPN": (
            if_answered(place, "RFC7077-6.2-ADDR"),
            if_answered(place, "RFC7077-6.2-ADDR"),
        ),
        "UPA": (("RFC7077-6.2-ADDR",), ("RFC7077-6.2-ADDR",)),
        "BRI": (if_answered(place, "RFC5846-6.1.2-DST"), NOT_IN_CATALOGUE),
        "BRA": (NOT_IN_CATALOGUE, ("RFC5846-6.1.2-DST",)),
    }
    source, destination = swapped.get(kind, (NOT_IN_CATALOGUE, NOT_IN_CATALOGUE))
    if kind == "PBA" and packet.ports is not None:
        source = ("RFC5213-5.3.6-ADDR", "RFC5844-4.1.3.2-SRC")
    turned: dict[str, Effect] = {
        "UPN": ("RFC7077-4.1-DIR",),
        "UPA": ("RFC7077-4.2-DIR",),
        "BRI": ("RFC5846-9.2-MAG",),
    }
    if kind in turned:
        yield change(
            "the other way", turned[kind], source=packet.destination, destination=packet.source
        )
    yield change("another source", source, source=other)
    yield change("another destination", destination, destination=other)
    if kind == "PBU" and packet.ports is None:
        swap = answered and "RFC5213-5.3.6-ADDR"
        group = b"\xff\x02" + bytes(13) + b"\1"
        yield change(
            "link-local source",
            broken("RFC5213-6.9.1.5-SRC", swap),
            source=b"\xfe\x80" + bytes(13) + b"\1",
        )
        yield change("multicast source", broken("RFC6275-6.1.7-COA-UNICAST", swap), source=group)
        yield change(
            "multicast destination", broken("RFC5213-6.9.1.5-DST", swap), destination=group
        )


def ports(place: Place) -> Iterator[Change]:
    """Change UDP ports and checksum (RFC 5844 section 4)."""
    packet, kind = place.packet, place.kind
    if packet.ports is None or kind not in ("PBU", "PBA"):
        return
    source, destination = packet.ports

    def change(operator: str, effect: Effect, pair: tuple[int, int]) -> Change:
        return Change(operator=operator, effect=effect, packet=replace(packet, ports=pair))

    if kind == "PBU":
        yield change(
            "source port",
            if_answered(place, "RFC5844-4.1.3.2-PORTS", otherwise=MAGS_CHOICE),
            (40000, destination),
        )
        yield change("destination port", ("RFC5844-4.2.2.1-DPORT",), (source, 40000))
    else:
        yield change("source port", ("RFC5844-4.1.3.2-PORTS",), (40000, destination))
        yield change("destination port", ("RFC5844-4.1.3.2-PORTS",), (source, 40000))

    def unchecked(frame: Frame) -> list[Frame]:
        data = frame.data
        start = 14 + (data[14] & 15) * 4
        return [replace(frame, data=data[: start + 6] + b"\0\0" + data[start + 8 :])]

    yield Change(operator="UDP checksum 0", effect=("RFC5844-4-UDP-CKSUM",), around=unchecked)


def extension_headers(place: Place) -> Iterator[Change]:
    """Put the extension headers of Mobile IPv6 before a PBU and a PBA."""
    packet = place.packet
    if packet.ports is not None:
        return

    def within(number: int, build: Callable[[int, bytes, bytes], bytes]) -> Change:
        def around(frame: Frame) -> list[Frame]:
            # The checksum covers the home address (RFC 6275 section 6.1.1, RFC 8200 8.1).
            source, destination = _ends(packet)
            if number == DESTINATION_OPTIONS:
                source = OTHER_ADDRESS
            else:
                destination = OTHER_ADDRESS
            payload = _corrected(frame.data[54:], source, destination)
            inner = build(MOBILITY_HEADER, payload, OTHER_ADDRESS)
            outer = ipv6(*_ends(packet), number, inner, hop_limit=frame.data[21])
            data = frame.data[:14] + outer
            return [replace(frame, data=data, original_length=len(data))]

        is_option = number == DESTINATION_OPTIONS
        return Change(
            operator="Home Address option" if is_option else "type 2 Routing header",
            effect=("RFC5213-6.9.1.5-NO-HOA" if is_option else "RFC5213-5.3.6-NO-RH2",),
            around=around,
        )

    if place.kind == "PBU":
        yield within(DESTINATION_OPTIONS, home_address)
    elif place.kind == "PBA":
        yield within(ROUTING, routing_type_2)


OPERATORS: tuple[Operator, ...] = (
    addresses,
    ports,
    extension_headers,
)
