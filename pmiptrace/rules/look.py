"""What rules ask of a step: the options of its message, the request it answers, who is who."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import TypeVar

from pmiptrace.model import (
    Body,
    Identifier,
    Message,
    Moment,
    OpaqueBody,
    OpaqueOption,
    Option,
    Party,
    Span,
    Step,
    option_number,
)
from pmiptrace.rules.rule import PASS, Verdict, fail, inconclusive
from pmiptrace.wire.decode import FIXED
from pmiptrace.wire.layout import Layout, Placed
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate
from pmiptrace.wire.option import option_name
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import HomeNetworkPrefix
from pmiptrace.wire.options.rfc6275 import AlternateCareOfAddress
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding

O = TypeVar("O", bound=Option)  # noqa: E741
T = TypeVar("T")

HEADER_FIELDS = {
    "payload_proto": ("Payload Proto", 0, 1),
    "length": ("Header Len", 1, 1),
    "mh_type": ("MH Type", 2, 1),
    "header_reserved": ("Reserved", 3, 1),
    "checksum": ("Checksum", 4, 2),
}
"""Fields of the Mobility Header itself: label, offset and length in octets (RFC 6275 6.1.1)."""

_BROKEN = frozenset(
    {"truncated", "header-short", "header-overrun", "message-short", "option-overrun"}
)


def once_per_step(ask: Callable[[Step], T]) -> Callable[[Step], T]:
    """Have a function that several rules ask about a step answer the second time from memory."""
    last: tuple[Step, T] | None = None

    def answer(step: Step) -> T:
        nonlocal last
        known = last
        if known is None or known[0] is not step:
            known = last = step, ask(step)
        return known[1]

    return answer


# ------------------------------------------------------------------------------ the message


# Rules ask this seven times a message, and in this way it takes a third of the time.
message_of: Callable[[Step], Message] = attrgetter("message")
"""Give the message of a step that is known to have one."""
update_of: Callable[[Message], BindingUpdate] = attrgetter("body")
"""Give the body of a message that is known to be a PBU."""
acknowledgement_of: Callable[[Message], BindingAcknowledgement] = attrgetter("body")
"""Give the body of a message that is known to be a PBA."""


def find(step: Step, cls: type[O]) -> O | None:
    """Give the first option of a class of the step's message, or None.

    Every message goes through it dozens of times, hence the loop in place of `Message.first`.
    """
    assert step.message is not None
    for option in step.message.options:
        if type(option) is cls:
            return option
    return None


def numbers_of(message: Message) -> frozenset[int]:
    """Give the numbers of a message's options."""
    classes = tuple(map(type, message.options))
    if OpaqueOption in classes:
        return frozenset(map(option_number, message.options))
    return _numbers_of(classes)


def has_same_numbers(one: Message, other: Message) -> bool:
    """Tell whether options of the same numbers are in two messages."""
    classes = tuple(map(type, one.options))
    if classes == tuple(map(type, other.options)) and OpaqueOption not in classes:
        return True
    return numbers_of(one) == numbers_of(other)


@lru_cache(maxsize=1024)
def _numbers_of(classes: tuple[type[Option], ...]) -> frozenset[int]:
    return frozenset(cls.number for cls in classes)


def complete(message: Message) -> bool:
    """Tell whether all options of the message were read, so that one not there is missing.

    What a cut frame or an option that runs past the end hides is not known (B0, truncation).
    """
    return not message.defects or all(d.kind not in _BROKEN for d in message.defects)


def is_cut(message: Message) -> bool:
    """Tell whether the snap length cut the Mobility Header short."""
    return any(defect.kind == "truncated" for defect in message.defects)


def option_end(message: Message, index: int) -> int:
    """Give where an option ends, from the start of the Mobility Header."""
    if index + 1 < len(message.offsets):
        return message.offsets[index + 1]
    for defect in message.defects:
        if defect.kind == "option-overrun":
            return defect.offset
    return min(message.length, len(message.datagram.payload))


def length_of(message: Message, option: Option) -> int:
    """Give the value of an option's Length field."""
    offset = message.offset_of(option)
    return option_end(message, message.offsets.index(offset)) - offset - 2


def prefixes_of(message: Message) -> list[HomeNetworkPrefix]:
    """Give the decodable Home Network Prefix options, but for those of other links (RFC 7864)."""
    return [o for o in message.options if type(o) is HomeNetworkPrefix and not o.off_link]


def care_of_address(request: Message) -> bytes:
    """Give the Proxy-CoA that a PBU registers (RFC 5213 section 6.9.1.5)."""
    alternate = request.first(AlternateCareOfAddress)
    return request.source if alternate is None else alternate.care_of_address


# ----------------------------------------------------------------------------- the exchange


def is_reply(step: Step) -> bool:
    """Tell whether the message answers a request that was captured, for the first time or again."""
    exchange = step.exchange
    if exchange is None or exchange.answered is None or exchange.reply is None:
        return False
    message = step.message
    return message is exchange.reply or (
        message is not None and type(message.body) is BindingAcknowledgement
    )


def answered_by(step: Step) -> Message | None:
    """Give the captured request that the message of a step answers, if it answers any."""
    exchange, message = step.exchange, step.message
    if exchange is None or message is None or exchange.reply is None:
        return None
    if message is exchange.reply or type(message.body) is BindingAcknowledgement:
        return exchange.answered
    return None


def pair(step: Step) -> tuple[Message, Message]:
    """Give request and reply of a step that is known to be a reply."""
    assert step.exchange is not None
    assert step.exchange.answered is not None
    return step.exchange.answered, message_of(step)


def bodies(step: Step) -> tuple[BindingUpdate, BindingAcknowledgement] | None:
    """Give both fixed parts where the reply is a BA or PBA to a BU or PBU, else None."""
    request, reply = pair(step)
    update, acknowledgement = request.body, reply.body
    if isinstance(update, BindingUpdate) and isinstance(acknowledgement, BindingAcknowledgement):
        return update, acknowledgement
    return None


def moment_of(message: Message) -> Moment:
    """Give the frame of a message as a point of reference."""
    frame = message.frame
    return Moment(frame.capture, frame.number, frame.time)


def request_evidence(step: Step) -> tuple[Moment, ...]:
    """Give the frame of the request that the message answers, as evidence."""
    exchange = step.exchange
    if exchange is None or exchange.answered is None or exchange.answered is step.message:
        return ()
    return (moment_of(exchange.answered),)


def blame(
    step: Step, option: O, message: str, repeats: Callable[[O, Option], bool], **parts: object
) -> Verdict | None:
    """Give the verdict on a bad option, which an LMA may only have copied.

    An LMA that echoes the octets of a bad request is not to blame: its PBA gives no verdict where
    `repeats(option, one of the request)` holds, and an inconclusive one where the request was not
    seen.
    """
    if step.message is None or step.message.kind != "PBA":
        return fail(message, option=option, **parts)
    if not is_reply(step):
        return inconclusive(
            message,
            "the request was not captured; the LMA may only have echoed it",
            option=option,
            party="unknown",
            **parts,
        )
    request, _ = pair(step)
    number = option_number(option)
    if any(option_number(o) == number and repeats(option, o) for o in request.options):
        return None
    return fail(message, option=option, evidence=request_evidence(step), **parts)


def option_reserved(step: Step, cls: type[Option]) -> Verdict | None:
    """Judge whether the reserved field of every option of a class is zero."""
    seen = False
    for option in message_of(step).options:
        if type(option) is not cls:
            continue
        seen = True
        reserved: int = getattr(option, "reserved")  # noqa: B009
        if reserved:
            return blame(
                step,
                option,
                f"reserved field of option {cls.number} is 0x{reserved:02x}",
                same("reserved"),
                field="reserved",
            )
    return PASS if seen else None


def same(*fields: str) -> Callable[[Option, Option], bool]:
    """Give a test of whether two options agree in those fields, as far as both have them."""

    def agree(one: Option, other: Option) -> bool:
        return type(one) is type(other) and all(
            getattr(one, name) == getattr(other, name) for name in fields
        )

    return agree


# -------------------------------------------------------------------------------- the party


def party_of(step: Step, role: str) -> Party:
    """Give the accused by role: ``MAG``, ``LMA``, the ``sender`` of the message, or nobody."""
    message = step.message
    if role in ("sender", "responder", "initiator"):
        role = _sender_role(step)
        if message is not None:
            mag = step.mag if role == "MAG" else None
            return Party(role, message.source, mag.identifier if mag else None)
    if role == "MAG":
        return Party("MAG", _mag_address(step), step.mag.identifier if step.mag else None)
    if role == "LMA":
        from_lma = message is not None and message.kind in ("PBA", "BA")
        return Party("LMA", message.source if message and from_lma else lma_of(step))
    return Party("unknown")


def _sender_role(step: Step) -> str:
    message = step.message
    if message is None:
        return "unknown"
    if message.kind in ("PBU", "PBA"):
        return "MAG" if message.kind == "PBU" else "LMA"
    if step.peering.sender_role is not None:
        return step.peering.sender_role
    if message.kind in ("UPN", "UPA"):
        return "MAG" if message.kind == "UPA" else "LMA"
    if step.mag is None or step.exchange is None:
        return "unknown"
    return "LMA" if step.exchange.lma == message.source else "MAG"


def _mag_address(step: Step) -> bytes | None:
    message = step.message
    if message is not None and message.kind in ("PBU", "BU", "UPA"):
        return message.source
    if step.exchange is not None and step.exchange.answered is not None:
        request = step.exchange.answered
        return request.destination if request.source == step.exchange.lma else request.source
    if step.binding is not None:
        return step.binding.care_of_address
    if step.mag is not None and step.mag.addresses:
        return step.mag.addresses[0]
    return message.destination if message is not None else None


def lma_of(step: Step) -> bytes | None:
    """Give the LMA that the step is about, if it is known."""
    message = step.message
    session = step.after or step.before
    if step.exchange is not None and step.exchange.lma is not None:
        return step.exchange.lma
    if session is not None:
        return session.lma
    if message is None:
        return None
    if message.kind in ("PBU", "BU", "UPA"):
        return message.destination
    return message.source if message.kind in ("PBA", "BA", "UPN") else None


def mobile_node_of(step: Step) -> Identifier | None:
    """Give the mobile node that the step is about, if it is known."""
    session = step.after or step.before
    if session is not None and session.mobile_node is not None:
        return session.mobile_node
    option = step.message.first(MnIdentifier) if step.message is not None else None
    return option.identity if option is not None else None


def bid_of(step: Step) -> int | None:
    """Give the BID of the path that the step is about, if it has one."""
    option = step.message.first(MagMultipathBinding) if step.message is not None else None
    if option is not None:
        return option.bid
    binding = step.binding or step.binding_before
    return binding.bid if binding is not None else None


def session_of(step: Step) -> int | None:
    """Give the id of the session that the step is about, if it has one."""
    session = step.after or step.before
    if session is not None:
        return session.id
    return step.exchange.session if step.exchange is not None else None


# -------------------------------------------------------------------------------- the place


def field_name(message: Message | None, verdict: Verdict) -> str | None:
    """Give what people call the offending field, such as ``MAG Multipath Binding: Binding ID``."""
    if verdict.option is not None:
        name = option_name(verdict.option)
        if isinstance(verdict.option, OpaqueOption) and name == "Unknown":
            name = f"Option {verdict.option.type}"
        label = _label(type(verdict.option), verdict.field)
        return f"{name}: {label}" if label else name
    if verdict.field is None or message is None:
        return verdict.field
    label = _label(type(message.body), verdict.field)
    if label:
        return f"{message.kind}: {label}"
    header = HEADER_FIELDS.get(verdict.field)
    return f"Mobility Header: {header[0]}" if header else verdict.field


def span_of(message: Message | None, verdict: Verdict) -> Span | None:
    """Give the octets of the frame that hold the violation, where they are in one frame."""
    field = field_name(message, verdict)
    if message is None or field is None or message.datagram.offset is None:
        return None
    place = _place(message, verdict)
    if place is None:
        return None
    start, end = place
    available = len(message.datagram.payload)
    start, end = min(start, available), min(end, available)
    return Span(message.datagram.offset + start, end - start, field)


def _place(message: Message, verdict: Verdict) -> tuple[int, int] | None:
    if verdict.option is not None:
        if not any(option is verdict.option for option in message.options):
            return None
        start = message.offset_of(verdict.option)
        end = option_end(message, message.offsets.index(start))
        if verdict.field == "length":
            return start + 1, start + 2
        placed = _placed(type(verdict.option), verdict.field)
        return (start, end) if placed is None else _octets(placed, start + 2, end)
    if verdict.field is None:
        return None
    placed = _placed(type(message.body), verdict.field)
    if placed is not None:
        return _octets(placed, FIXED, message.length)
    header = HEADER_FIELDS.get(verdict.field)
    return (header[1], header[1] + header[2]) if header else None


def _octets(placed: Placed, start: int, end: int) -> tuple[int, int]:
    first = start + placed.offset // 8
    if placed.width is None:
        return first, end
    return first, start + (placed.offset + placed.width + 7) // 8


@lru_cache(maxsize=1024)
def _placed(cls: type[Option] | type[Body], name: str | None) -> Placed | None:
    if name is None or cls in (OpaqueOption, OpaqueBody):
        return None
    return next((placed for placed in Layout.of(cls).fields if placed.name == name), None)


def _label(cls: type[Option] | type[Body], name: str | None) -> str | None:
    if name == "length" and issubclass(cls, Option):
        return "Length"
    placed = _placed(cls, name)
    return placed.field.label if placed is not None else None
