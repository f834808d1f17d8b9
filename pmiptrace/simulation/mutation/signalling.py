"""Heartbeats, revocations and notifications."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pmiptrace.simulation.mutation.change import (
    LMAS_CHOICE,
    MAGS_CHOICE,
    NOT_IN_CATALOGUE,
    UNANSWERED,
    Change,
    Effect,
    Operator,
    broken,
    if_answered,
    with_body,
    with_octet,
    with_option,
)
from pmiptrace.simulation.mutation.place import Place
from pmiptrace.wire.messages import (
    BindingRevocationAcknowledgement,
    BindingRevocationIndication,
    Heartbeat,
    UpdateNotification,
    UpdateNotificationAcknowledgement,
)
from pmiptrace.wire.options.rfc5847 import RestartCounter


def heartbeats(place: Place) -> Iterator[Change]:
    """Change sequence number and Restart Counter of a Heartbeat."""
    body = place.packet.body
    if not isinstance(body, Heartbeat):
        return
    effect: Effect = ("RFC5847-3-SEQ",)
    if place.kind == "Heartbeat announcement":
        yield with_body(place, "Sequence Number", NOT_IN_CATALOGUE, sequence=body.sequence + 40)
    elif place.kind == "Heartbeat response" or place.answer:
        yield with_body(place, "Sequence Number", effect, sequence=body.sequence + 40)
    else:
        yield with_body(place, "Sequence Number", UNANSWERED, sequence=body.sequence + 40)
    counter = place.packet.first(RestartCounter)
    if counter is None:
        return
    rises = "RFC5847-3.2-RESTART-EVENT"
    falls = "RFC5847-3.2-RESTART-MONO"
    before, after = bool(place.peers), bool(place.peers_later)
    own = counter.restart_counter
    for step, first, second in ((1, rises, falls), (-1, falls, rises)):
        effect = broken(before and first, after and second, otherwise=UNANSWERED)
        operator = "higher" if step > 0 else "lower"
        yield with_option(place, counter, operator, effect, restart_counter=own + step)


def revocations(place: Place) -> Iterator[Change]:
    """Change the numbers of a BRI and a BRA."""
    body = place.packet.body
    if isinstance(body, BindingRevocationIndication):
        yield with_body(
            place,
            "Sequence #",
            if_answered(place, "RFC5846-6.1.2-SEQ"),
            sequence=(body.sequence + 40) % 65536,
        )
        yield with_body(place, "R. Trigger 128", ("RFC5846-6.1.1-G-TRIGGER",), trigger=128)
        yield with_body(place, "another R. Trigger of one node", LMAS_CHOICE, trigger=0)
        yield Change(
            operator="B.R. Type 3", effect=("RFC5846-5-TYPE",), edit=partial(with_octet, at=6, to=3)
        )
    elif isinstance(body, BindingRevocationAcknowledgement):
        yield with_body(
            place, "Sequence #", ("RFC5846-6.1.2-SEQ",), sequence=(body.sequence + 40) % 65536
        )
        yield with_body(place, "another Status", MAGS_CHOICE, status=130 if body.accepted else 0)
        yield Change(
            operator="B.R. Type 3", effect=("RFC5846-5-TYPE",), edit=partial(with_octet, at=6, to=3)
        )


def notifications(place: Place) -> Iterator[Change]:
    """Change the numbers of a UPN and a UPA."""
    body = place.packet.body
    if isinstance(body, UpdateNotification):
        before = any(other.kind == "UPN" for other in place.earlier)
        for step in (40, -40):
            yield with_body(
                place,
                f"Sequence # {step:+d}",
                broken(
                    bool(place.answer) and "RFC7077-6.2-SEQ",
                    step < 0 and before and not body.retransmission and "RFC7077-5.1-SEQ-MONO",
                    otherwise=UNANSWERED,
                ),
                sequence=(body.sequence + step) % 65536,
            )
        yield with_body(place, "Notification Reason 0", ("RFC7077-4.1-REASON",), reason=0)
        yield with_body(
            place, "Notification Reason ANI-PARAMS-REQUESTED", ("RFC7077-6.1-ANI",), reason=4
        )
        yield with_body(
            place,
            "Notification Reason VENDOR-SPECIFIC-REASON",
            if_answered(place, "RFC7077-6.1-VENDOR", otherwise=UNANSWERED),
            reason=3,
        )
    elif isinstance(body, UpdateNotificationAcknowledgement):
        yield with_body(
            place, "Sequence #", ("RFC7077-6.2-SEQ",), sequence=(body.sequence + 40) % 65536
        )
        yield with_body(
            place, "another Status Code", MAGS_CHOICE, status=128 if not body.status else 0
        )


OPERATORS: tuple[Operator, ...] = (
    heartbeats,
    revocations,
    notifications,
)
