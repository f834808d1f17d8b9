"""Messages that are not there, come again, or come early."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from pmiptrace.model import SECOND, Body, Frame
from pmiptrace.simulation.mutation.change import LOST, Change, Effect, Operator, broken, with_option
from pmiptrace.simulation.mutation.place import Place
from pmiptrace.simulation.network import frame_of
from pmiptrace.wire.encode import encode
from pmiptrace.wire.messages import (
    BindingRevocationIndication,
    BindingUpdate,
    Heartbeat,
    UpdateNotification,
)
from pmiptrace.wire.options.rfc5213 import Timestamp


def _later(frame: Frame, seconds: float) -> Frame:
    return replace(frame, time=(frame.time or 0) + round(seconds * SECOND))


def absent_messages(place: Place) -> Iterator[Change]:
    """Leave a message out; so does a capture that lost it, and no more can be said."""
    effects: dict[str, Effect] = {
        "PBA": broken(bool(place.request) and "RFC6275-9.5.4-ACK", otherwise=LOST),
        "BRA": ("RFC5846-6.1.2-ACK",),
        "UPA": ("RFC7077-6.1-ACK",),
        "Heartbeat response": broken(bool(place.request) and "RFC5847-3-RESPOND", otherwise=LOST),
    }
    yield Change(
        operator="not there", effect=effects.get(place.kind, LOST), around=lambda frame: []
    )


def repeated_messages(place: Place) -> Iterator[Change]:
    """Send a message once more, as its sender must not."""
    packet, body = place.packet, place.packet.body

    def again(operator: str, effect: Effect, seconds: float, *, changed: Body | None) -> Change:
        def around(frame: Frame) -> list[Frame]:
            if changed is None:
                return [frame, _later(frame, seconds)]
            other = replace(packet, body=changed)
            payload = encode(
                changed,
                packet.options,
                source=packet.source,
                destination=packet.destination,
                checksum=0 if packet.ports else None,
            )
            second = frame_of(replace(place.sighting, packet=other, payload=payload), 0)
            return [frame, _later(second, seconds)]

        return Change(operator=operator, effect=effect, around=around)

    if isinstance(body, BindingUpdate):
        unordered = packet.first(Timestamp) is None
        yield again(
            "again after 0.6 s, the same",
            broken("RFC6275-11.8-FRESH-SEQ", unordered and "RFC6275-9.5.1-SEQ-GREATER"),
            0.6,
            changed=None,
        )
    elif isinstance(body, Heartbeat) and not body.response:
        yield again(
            "another one after 5 s",
            ("RFC5847-3-INTERVAL", "RFC5847-3-RESPOND"),
            5,
            changed=replace(body, sequence=body.sequence + 1),
        )
    elif isinstance(body, UpdateNotification):
        if not body.retransmission and body.acknowledge and not place.answer:
            yield again(
                "again after 0.4 s, D=0",
                ("RFC7077-4.1-D", "RFC7077-5.2-RETX-DELAY"),
                0.4,
                changed=None,
            )
    elif isinstance(body, BindingRevocationIndication) and not place.answer:
        yield again("again after 0.4 s", ("RFC5846-6.3-RETX",), 0.4, changed=None)


def early_messages(place: Place) -> Iterator[Change]:
    """Send a retransmission too early, or with the order of the attempt before."""
    packet, body = place.packet, place.packet.body
    if not isinstance(body, BindingUpdate) or not place.earlier:
        return
    before = place.earlier[-1]
    same = [type(option) for option in packet.options] == [
        type(option) for option in before.packet.options
    ]
    is_repeated = (
        isinstance(before.packet.body, BindingUpdate)
        and before.packet.body.lifetime == body.lifetime
        and before.care_of_address == packet.source
        and before.handoff == place.handoff
        and before.bid == place.bid
        and same
        and not before.answer
        and place.sighting.time - before.sighting.time < 2.5 * SECOND
    )
    if not is_repeated:
        return

    def hasten(frame: Frame) -> list[Frame]:
        return [replace(frame, time=before.sighting.time + 3 * SECOND // 10)]

    yield Change(
        operator="retransmitted after 0.3 s", effect=("RFC6275-11.8-BACKOFF",), around=hasten
    )
    stamp, last = packet.first(Timestamp), before.packet.first(Timestamp)
    if stamp is not None and last is not None:
        yield with_option(
            place,
            stamp,
            "that of the attempt before",
            broken("RFC6275-11.8-FRESH-SEQ", bool(place.answer) and "RFC5213-5.5-TS-VALUE"),
            timestamp=last.timestamp,
        )


OPERATORS: tuple[Operator, ...] = (
    absent_messages,
    repeated_messages,
    early_messages,
)
