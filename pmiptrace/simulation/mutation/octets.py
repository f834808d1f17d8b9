"""The head of the Mobility Header, padding, and the lengths of options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from pmiptrace.model import Body, OpaqueOption
from pmiptrace.simulation.mutation.change import (
    Change,
    Effect,
    Operator,
    one_of_each,
    with_octet,
    with_options,
)
from pmiptrace.simulation.mutation.place import Place
from pmiptrace.wire.layout import Layout
from pmiptrace.wire.option import MOBILITY_OPTIONS, option_name, option_type
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding


def headers(place: Place) -> Iterator[Change]:
    """Change the head of the Mobility Header."""
    over_udp = place.packet.ports is not None

    def change(operator: str, rule: str, edit: Callable[[bytes], bytes], **more: bool) -> Change:
        return Change(operator=operator, effect=(rule,), edit=edit, **more)  # type: ignore[arg-type]

    def spoil(octets: bytes) -> bytes:
        return with_octet(octets, at=5, to=octets[5] ^ 0x5A)

    if not over_udp:
        yield change("Checksum", "RFC6275-9.2-CHECKSUM", spoil, corrects=False)
    elif place.kind == "PBU":
        yield change("Checksum", "RFC5844-4.2.2.1-CKSUM-ZERO", spoil, corrects=False)
    elif place.kind == "PBA":
        yield change("Checksum", "RFC5844-4.1.3.2-CKSUM-ZERO", spoil, corrects=False)
    yield change("Payload Proto 6", "RFC6275-9.2-PAYLOAD-PROTO", partial(with_octet, at=0, to=6))
    yield change("Reserved=1", "RFC6275-6.1.1-RESERVED", partial(with_octet, at=3, to=1))
    yield change("MH Type 200", "RFC6275-9.2-MHTYPE", partial(with_octet, at=2, to=200))
    yield change(
        "Header Len too long",
        "RFC6275-6.1.1-LEN-EXCEEDS",
        lambda octets: with_octet(octets, at=1, to=octets[1] + 2),
    )
    if place.kind != "BRA":  # which has 12 octets at most, and no need for more than it says
        yield change("Header Len 0", "RFC6275-9.2-HDRLEN", partial(with_octet, at=1, to=0))


def _options_of(octets: bytes, body: Body) -> Iterator[tuple[int, int, int]]:
    """Give offset, type and length with its head of each option."""
    position = 6 + Layout.of(type(body)).size
    while position < len(octets):
        size = 1 if octets[position] == 0 else 2 + octets[position + 1]
        yield position, octets[position], size
        position += size


def padding(place: Place) -> Iterator[Change]:
    """Change padding, and where options stand."""
    octets, body = place.sighting.payload, place.packet.body
    options = list(_options_of(octets, body))
    padn = next((o for o in options if o[1] == 1 and o[2] > 2), None)
    if padn is not None:
        start, _, size = padn
        yield Change(
            operator="PadN not zero",
            effect=("RFC6275-6.2.3-PADN-ZERO",),
            edit=partial(with_octet, at=start + 2, to=0xAA),
        )
        yield Change(
            operator="Pad1 in place of PadN",
            effect=("RFC6275-6.2.2-PAD1-RUN",),
            edit=lambda octets: octets[:start] + bytes(size) + octets[start + size :],
        )
    aligned = [
        start for start, number, _ in options if number > 1 and _alignment(number) is not None
    ]
    shifted = any(
        (start + 2) % _multiple(octets[start]) != _alignment(octets[start]) for start in aligned
    )
    if aligned:
        first = 6 + Layout.of(type(body)).size

        def shift(octets: bytes) -> bytes:
            return octets[:first] + b"\1\0" + octets[first:] + b"\1\4" + bytes(4)

        def grow(octets: bytes) -> bytes:
            moved = shift(octets)
            return with_octet(moved, at=1, to=len(moved) // 8 - 1)

        effect: Effect = ("RFC6275-6.2-ALIGN",) if shifted else "no option stands amiss"
        yield Change(operator="options two octets further", effect=effect, edit=grow)
    real = [o for o in options if o[1] > 1]
    if real:
        start, _, size = real[-1]
        room = len(octets) - start
        yield Change(
            operator="last option runs past the end",
            effect=("RFC6275-6.2-OPT-OVERRUN",),
            edit=partial(with_octet, at=start + 1, to=room),
        )


def _alignment(number: int) -> int | None:
    declared = MOBILITY_OPTIONS.types.get(number)
    return declared.alignment[1] if declared and declared.alignment else None


def _multiple(number: int) -> int:
    declared = MOBILITY_OPTIONS.types[number]
    assert declared.alignment is not None
    return declared.alignment[0]


def option_lengths(place: Place) -> Iterator[Change]:
    """Make each option of a fixed length longer or shorter."""
    for option in one_of_each(place):
        declared = option_type(option)
        content = MOBILITY_OPTIONS.encode_one(option)[2:]
        if declared is None or not declared.length.exact:
            continue
        rule = "RFC6275-6.2-OPT-LENGTH"
        if isinstance(option, MagMultipathBinding):
            rule = "RFC8278-4.1-MMB-LENGTH"
        for what, data in (("longer", content + bytes(2)), ("shorter", content[:-1])):
            opaque = OpaqueOption(type=option.number, data=data)
            options = (opaque if each is option else each for each in place.packet.options)
            yield with_options(place, f"{option_name(option)}, {what}", (rule,), options)


OPERATORS: tuple[Operator, ...] = (
    headers,
    padding,
    option_lengths,
)
