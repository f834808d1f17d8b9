"""Numbers of requests: sequence number, lifetime, Handoff Indicator."""

from __future__ import annotations

from collections.abc import Iterator

from pmiptrace.simulation.mutation.change import (
    MAGS_CHOICE,
    UNANSWERED,
    UNASSIGNED,
    Change,
    Operator,
    broken,
    with_body,
    with_option,
)
from pmiptrace.simulation.mutation.place import Place
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff
from pmiptrace.wire.messages import BindingUpdate
from pmiptrace.wire.options.rfc5213 import HandoffIndicator, Timestamp


def request_numbers(place: Place) -> Iterator[Change]:
    """Change sequence number and lifetime of a PBU."""
    body = place.packet.body
    if not isinstance(body, BindingUpdate):
        return
    answered = bool(place.answer)
    in_order = place.packet.first(Timestamp) is not None
    # What the MAG with a counter per MAG, or the mobile node with one, has used already.
    used = [
        other
        for other in place.earlier
        if other.kind == "PBU" and (not in_order or other.packet.source == place.packet.source)
    ]
    for step in (1, -40):
        yield with_body(
            place,
            f"Sequence # {step:+d}",
            broken(
                answered and "RFC6275-10.3.1-SEQ-COPY",
                step < 0 and bool(used) and in_order and "RFC5213-6.9.1.1-SEQ-MONO",
                step < 0 and bool(used) and not in_order and "RFC6275-9.5.1-SEQ-GREATER",
                otherwise=UNANSWERED,
            ),
            sequence=(body.sequence + step) % 65536,
        )
    accepted = place.is_accepted and answered
    if body.lifetime:
        hints_end = place.handoff != Handoff.UNKNOWN
        yield with_body(
            place,
            "Lifetime 0",
            broken(
                hints_end and "RFC5213-6.9.1.4-HI4",
                accepted and "RFC6275-10.3.2-DEREG-LIFETIME",
                otherwise=UNANSWERED,
            ),
            lifetime=0,
        )
        yield with_body(
            place,
            "Lifetime 4 s",
            broken(accepted and "RFC6275-10.3.1-LIFETIME-MAX", otherwise=MAGS_CHOICE),
            lifetime=1,
        )
        yield with_body(
            place, "Lifetime longer", MAGS_CHOICE, lifetime=min(body.lifetime * 2, 65535)
        )
    else:
        yield with_body(
            place,
            "Lifetime of a registration in a de-registration",
            broken(
                accepted and "RFC6275-6.1.8-ZERO-GRANT",
                bool(place.own) and place.follows and "RFC5213-6.9.1.3-HI5",
                otherwise=UNANSWERED,
            ),
            lifetime=30,
        )


def handoff_indicators(place: Place) -> Iterator[Change]:
    """Change the Handoff Indicator of a PBU or a PBA."""
    option = place.packet.first(HandoffIndicator)
    if option is None:
        return
    echo = "RFC5213-5.3.6-ECHO" if place.answer or place.kind == "PBA" else None
    for value in (0, 1, 2, 3, 4, 5, UNASSIGNED):
        if value == option.indicator:
            continue
        is_request = place.kind == "PBU"
        registers = not place.is_deregistration
        effect = broken(
            is_request and value in (0, UNASSIGNED) and "RFC5213-8.4-HI-RANGE",
            is_request and not registers and value != 4 and "RFC5213-6.9.1.4-HI4",
            # Of a value without a meaning nobody can say what it is wrong for.
            is_request and place.renews and 0 < value < 5 and "RFC5213-6.9.1.3-HI5",
            is_request
            and registers
            and place.is_first
            and value == 5
            and "RFC5213-6.9.1.3-HI5-INITIAL",
            echo,
            otherwise=UNANSWERED,
        )
        yield with_option(place, option, f"HI={value}", effect, indicator=value)


OPERATORS: tuple[Operator, ...] = (
    request_numbers,
    handoff_indicators,
)
