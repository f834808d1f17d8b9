"""The named fields of a message: for ``--fields`` and ``--filter`` of ``pmiptrace dissect``.

Those of the message as a whole are listed here with what gives their values. Those of the fixed
parts and of the options come from the declarations: ``binding_update.lifetime``,
``mag_multipath_binding.bid``; the name of an option alone stands for its being there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import Any

from msgspec import Struct

from pmiptrace.address import address_text
from pmiptrace.errors import UsageError
from pmiptrace.expression import Expression, Field, Kind, near, parse
from pmiptrace.model import SECOND, Body, Finding, Message, Option, Prefix, option_number
from pmiptrace.report.as_document import flag_letters, status_document, transport
from pmiptrace.report.escaping import clean
from pmiptrace.report.packets import Packet
from pmiptrace.report.times import rfc3339
from pmiptrace.report.words import mag_name
from pmiptrace.selection import mobile_node
from pmiptrace.track.registration import Registration, registration
from pmiptrace.wire.body import MESSAGE_TYPES, message_type
from pmiptrace.wire.codes import ACCESS_TECHNOLOGY, BINDING_STATUS, HANDOFF_INDICATOR
from pmiptrace.wire.fields import Shown, fields, message_fields, name_of
from pmiptrace.wire.layout import Bits, Flag, Layout, Maybe, Octets, Rest, SubOptions
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate
from pmiptrace.wire.option import MOBILITY_OPTIONS, OptionRegistry
from pmiptrace.wire.options.rfc8278 import MagIdentifier

Values = Callable[[Packet], Iterable[Any]]


class Column(Struct, frozen=True):
    """A field and what gives its values in a packet."""

    field: Field
    values: Values
    group: str
    """The message or option that it belongs to; empty for the message as a whole."""


# ------------------------------------------------------------------- the message as a whole


def _one(value: Any) -> tuple[Any, ...]:
    return () if value is None else (value,)


def _of_message(get: Callable[[Message], Any]) -> Values:
    """Give one value of the message, if there is one and it has it."""
    return lambda packet: () if packet.message is None else _one(get(packet.message))


def _several(get: Callable[[Message], Iterable[Any]]) -> Values:
    return lambda packet: () if packet.message is None else get(packet.message)


def _registered(get: Callable[[Registration], Any]) -> Values:
    """Give one value of what a PBU or PBA says."""

    def values(packet: Packet) -> tuple[Any, ...]:
        said = told(packet.message)
        return () if said is None else _one(get(said))

    return values


def told(message: Message | None) -> Registration | None:
    """Give what a BU or BA says in the terms of bindings; None for any other message."""
    if message is not None and isinstance(message.body, BindingUpdate | BindingAcknowledgement):
        return registration(message)
    return None


def node_of(packet: Packet) -> str | None:
    """Give the mobile node that a message names, else the one that its exchange is about."""
    exchange = packet.exchange
    others = (exchange.request, exchange.reply) if exchange is not None else ()
    identity = mobile_node(packet.message, *others)
    return None if identity is None else str(identity)


def round_trip(packet: Packet) -> int | None:
    """Give how long the answer took, in nanoseconds, if the packet is one."""
    exchange = packet.exchange
    if exchange is None or exchange.reply is not packet.message:
        return None
    time = exchange.round_trip
    return None if time is None or time < 0 else time


def _number(name: str) -> Callable[[Message], int | None]:
    def get(message: Message) -> int | None:
        value = getattr(message.body, name, None)
        return value if isinstance(value, int) else None

    return get


def _name(message: Message) -> str | None:
    declared = message_type(message.mh_type, message.datagram.payload[6:7])
    return declared.name if declared else None


def _status_name(message: Message) -> str | None:
    status = status_document(message.body)
    return None if status is None else status.name


def _prefixes(packet: Packet) -> tuple[Prefix, ...]:
    said = told(packet.message)
    return () if said is None else said.prefixes


def _mag_identifier(packet: Packet) -> tuple[str, ...]:
    option = packet.message and packet.message.first(MagIdentifier)
    if option:
        return (str(option.identity),)
    mag = packet.mag
    return (str(mag.identifier),) if mag is not None and mag.identifier is not None else ()


def _request_frame(packet: Packet) -> Iterable[int]:
    if packet.exchange is None or not packet.is_answer or packet.exchange.answered is None:
        return ()
    return (packet.exchange.answered.frame.number,)


def _reply_frame(packet: Packet) -> Iterable[int]:
    if packet.exchange is None or packet.is_answer or packet.exchange.reply is None:
        return ()
    return (packet.exchange.reply.frame.number,)


def _rtt(packet: Packet) -> Iterable[float]:
    time = round_trip(packet)
    return () if time is None else (time / 1_000_000,)


def _findings(get: Callable[[Finding], str]) -> Values:
    return lambda packet: [get(finding) for finding in packet.findings]


_WHOLE: tuple[tuple[str, Kind, str, Values], ...] = (
    ("frame", Kind.NUMBER, "number of the frame in its capture, from 1",
     lambda packet: (packet.frame.number,)),
    ("capture", Kind.NUMBER, "number of the capture, from 1, as in 2:7",
     lambda packet: (packet.frame.capture + 1,)),
    ("time", Kind.TIME, "when the frame was captured", lambda packet: _one(packet.frame.time)),
    ("length", Kind.NUMBER, "octets of the Mobility Header, as its Header Len has it",
     _of_message(lambda m: m.length)),
    ("source", Kind.ADDRESS, "sender", _of_message(lambda m: m.source)),
    ("destination", Kind.ADDRESS, "receiver", _of_message(lambda m: m.destination)),
    ("transport", Kind.TEXT, "ipv6, ipv4, udp4 or udp6",
     _of_message(lambda m: transport(m.datagram))),
    ("encapsulation", Kind.TEXT, "headers around the packet, outermost first",
     _several(lambda m: m.datagram.encapsulation)),
    ("fragments", Kind.NUMBER, "frames that the message was put together from",
     _several(lambda m: m.datagram.fragments)),
    ("type", Kind.TEXT, "PBU, PBA, BRI ..., MH for an unknown type", _of_message(lambda m: m.kind)),
    ("name", Kind.TEXT, "registered name of the message", _of_message(_name)),
    ("mh_type", Kind.NUMBER, "MH Type", _of_message(lambda m: m.mh_type)),
    ("flags", Kind.TEXT, "letters of the flags that are set",
     _several(lambda m: flag_letters(m.body))),
    ("sequence", Kind.NUMBER, "Sequence #", _of_message(_number("sequence"))),
    ("lifetime", Kind.NUMBER, "lifetime asked for or granted", _of_message(_number("lifetime_s"))),
    ("status", Kind.NUMBER, "status of an answer", _of_message(_number("status"))),
    ("status_name", Kind.TEXT, "registered name of the status", _of_message(_status_name)),
    ("mobile_node", Kind.TEXT, "identifier of the mobile node, in the message or its exchange",
     lambda packet: _one(node_of(packet))),
    ("mag", Kind.TEXT, "identifier of the MAG, else the address that it used first",
     lambda packet: _one(mag_name(packet.mag) or None)),
    ("mag_id", Kind.TEXT, "identifier of the MAG", _mag_identifier),
    ("lma", Kind.ADDRESS, "address of the LMA", lambda packet: _one(packet.lma)),
    ("care_of_address", Kind.ADDRESS, "care-of address that a PBU or PBA is about",
     _registered(lambda said: said.care_of_address)),
    ("prefix", Kind.ADDRESS, "home network prefixes of a PBU or PBA", _prefixes),
    ("ipv4_home_address", Kind.ADDRESS, "IPv4 home address of a PBU or PBA",
     _registered(lambda said: said.ipv4_home_address)),
    ("bid", Kind.NUMBER, "Binding ID of the path (RFC 8278)", _registered(lambda said: said.bid)),
    ("label", Kind.NUMBER, "If-Label of the path (RFC 8278)",
     _registered(lambda said: said.multipath and said.multipath.if_label)),
    ("if_att", Kind.NUMBER, "access technology of the path, If-ATT (RFC 8278)",
     _registered(lambda said: said.multipath and said.multipath.if_att)),
    ("access_technology", Kind.NUMBER, "Access Technology Type of the mobile node's attachment",
     _registered(lambda said: said.access_technology)),
    ("handoff_indicator", Kind.NUMBER, "Handoff Indicator",
     _registered(lambda said: said.handoff_indicator)),
    ("option", Kind.NUMBER, "numbers of the options, in the order of the wire",
     _several(lambda m: map(option_number, m.options))),
    ("session", Kind.NUMBER, "number of the session", lambda packet: _one(packet.session)),
    ("exchange", Kind.NUMBER, "number of the exchange of request and answer",
     lambda packet: _one(packet.exchange and packet.exchange.id)),
    ("event", Kind.TEXT, "what the exchange is: initial, add-path, refresh, bulk-refresh ...",
     lambda packet: _one(packet.exchange and packet.exchange.kind.value)),
    ("attempt", Kind.NUMBER, "of a request: 1, or 2 and so on for a retransmission",
     lambda packet: _one(packet.attempt or None)),
    ("retransmission", Kind.FLAG, "whether it repeats a request",
     lambda packet: (packet.attempt > 1,)),
    ("unanswered", Kind.FLAG, "whether it is the last attempt of a request without an answer",
     lambda packet: (packet.is_unanswered,)),
    ("duplicate", Kind.FLAG, "whether it was captured before",
     lambda packet: (packet.is_duplicate,)),
    ("request_frame", Kind.NUMBER, "of an answer: the frame of its request", _request_frame),
    ("reply_frame", Kind.NUMBER, "of a request: the frame of its answer", _reply_frame),
    ("rtt_ms", Kind.NUMBER, "of an answer: the time since its request", _rtt),
    ("state", Kind.TEXT, "states that bindings changed to by it",
     lambda packet: [change.after.public_name for change in packet.changes]),
    ("finding", Kind.TEXT, "IDs of the rules that were found broken or in doubt in this frame",
     _findings(lambda finding: finding.rule)),
    ("finding.severity", Kind.TEXT, "error, warning or info",
     _findings(lambda finding: finding.severity.value)),
    ("finding.status", Kind.TEXT, "fail, inconclusive or note",
     _findings(lambda finding: finding.status.value)),
    ("finding.message", Kind.TEXT, "the evidence in one line",
     _findings(lambda finding: finding.message)),
    ("checksum_correct", Kind.FLAG, "whether the checksum is right, where that can be known",
     _of_message(lambda m: m.checksum_correct)),
    ("defect", Kind.TEXT, "what does not follow the format: option-overrun, truncated ...",
     _several(lambda m: [defect.kind for defect in m.defects])),
    ("undecoded", Kind.TEXT, "why a frame cannot be decoded: fragment, truncated, malformed, esp",
     lambda packet: _one(packet.undecoded and packet.undecoded.kind)),
    ("dialect", Kind.TEXT, "dialect that the message was translated from",
     _of_message(lambda m: m.dialect)),
)  # fmt: skip

_UNITS = {"lifetime": "s", "rtt_ms": "ms"}
_CODES = {
    "status": BINDING_STATUS,
    "if_att": ACCESS_TECHNOLOGY,
    "access_technology": ACCESS_TECHNOLOGY,
    "handoff_indicator": HANDOFF_INDICATOR,
}

# --------------------------------------------------------------- fixed parts and the options


def _declared(cls: type[Body] | type[Option], values: Callable[[str], Values]) -> Iterator[Column]:
    group = name_of(cls)
    for placed in Layout.of(cls).fields:
        declared = placed.field
        if isinstance(declared, SubOptions):
            continue
        kind, meaning, codes, unit = Kind.TEXT, declared.label, None, None
        if isinstance(declared, Flag):
            kind, meaning = Kind.FLAG, f"{declared.label}: {declared.meaning}"
        elif isinstance(declared, Bits | Maybe):
            kind = Kind.NUMBER
            codes = declared.codes if isinstance(declared, Bits) else None
            unit = declared.unit if isinstance(declared, Bits) else None
        elif isinstance(declared, Octets | Rest) and declared.form == "address":
            kind = Kind.ADDRESS
        field = Field(
            name=f"{group}.{placed.name}", kind=kind, meaning=meaning, unit=unit, codes=codes
        )
        yield Column(field, values(placed.name), group)


def _given(shown: Shown) -> Iterator[Any]:
    """Give a field's value as its kind has it, octets that are no address as text.

    An absent value is none, and neither is an address of a length that addresses do not have.
    """
    value = shown.value
    if shown.form == "address":
        if len(value) in (4, 16):
            yield value
    elif value is not None:
        yield shown.text if isinstance(value, bytes) else value


def _body_values(cls: type[Body], name: str) -> Values:
    def values(packet: Packet) -> list[Any]:
        message = packet.message
        if message is None or type(message.body) is not cls:
            return []
        return [v for f in message_fields(message) if f.name == name for v in _given(f)]

    return values


def _has_body(cls: type[Body]) -> Values:
    return lambda p: (True,) if p.message is not None and type(p.message.body) is cls else ()


def _options(number: int, name: str | None) -> Values:
    """Give a field of all options of a number; None for whether it is there.

    An option that is too short to be decoded has the fields that are whole.
    """

    def values(packet: Packet) -> Iterator[Any]:
        if packet.message is not None:
            for option in packet.message.options:
                if option_number(option) == number:
                    yield from _picked(fields(option), name)

    return values


def _sub_options(prefix: str, name: str | None) -> Values:
    """Give a field of all sub-options of a name, in whatever option they are."""

    def values(packet: Packet) -> Iterator[Any]:
        if packet.message is not None:
            for option in packet.message.options:
                for shown in fields(option):
                    for inner in shown.nested:
                        if inner.prefix == prefix:
                            yield from _picked(inner.fields, name)

    return values


def _picked(shown: Iterable[Shown], name: str | None) -> Iterator[Any]:
    if name is None:
        yield True
        return
    for field in shown:
        if field.name == name:
            yield from _given(field)


def _from_declarations() -> Iterator[Column]:
    for _, forms in sorted(MESSAGE_TYPES.items()):
        for form in forms:
            yield _presence(form.cls, form.name, _has_body(form.cls))
            yield from _declared(form.cls, partial(_body_values, form.cls))
    yield from _of_registry(MOBILITY_OPTIONS)


def _of_registry(registry: OptionRegistry) -> Iterator[Column]:
    for number, declared in sorted(registry.types.items()):
        meaning = f"{registry.what} {number}: {declared.name}"
        values = (
            partial(_options, number)
            if registry is MOBILITY_OPTIONS
            else partial(_sub_options, name_of(declared.cls))
        )
        yield _presence(declared.cls, meaning, values(None))
        yield from _declared(declared.cls, values)
        for inner in declared.registries:
            yield from _of_registry(inner)


def _presence(cls: type[Body] | type[Option], meaning: str, values: Values) -> Column:
    group = name_of(cls)
    return Column(Field(name=group, kind=Kind.FLAG, meaning=meaning), values, group)


@cache
def columns() -> dict[str, Column]:
    """Give all fields by their names: those of the message first."""
    found = {
        name: Column(
            Field(name=name, kind=kind, meaning=meaning, unit=_UNITS.get(name),
                  codes=_CODES.get(name)),
            values,
            "",
        )
        for name, kind, meaning, values in _WHOLE
    }  # fmt: skip
    for column in _from_declarations():
        # A name of a message's own goes before that of an option: it has a value if that is there.
        found.setdefault(column.field.name, column)
    return found


# ------------------------------------------------------------------------- what is asked for


def chosen(names: str) -> tuple[Column, ...]:
    """Give the columns of a list of names with commas between them.

    Raises `UsageError` for one that does not exist, with the nearest ones.
    """
    known = columns()
    found = []
    for name in names.split(","):
        column = known.get(name.strip().casefold())
        if column is None:
            fields_by_name = {name: column.field for name, column in known.items()}
            raise UsageError(
                f"there is no field {clean(name.strip())!r}{near(name.strip(), fields_by_name)};"
                " --list-fields lists them"
            )
        found.append(column)
    return tuple(found)


class Filter:
    """A condition that a packet can meet, in the language of `pmiptrace.expression`.

    Raises `pmiptrace.expression.ExpressionError` for a mistake in it.
    """

    def __init__(self, text: str) -> None:
        self._columns = columns()
        fields_by_name = {name: column.field for name, column in self._columns.items()}
        self.expression: Expression = parse(text, fields_by_name)

    def accepts(self, packet: Packet) -> bool:
        """Tell whether a packet meets it."""
        return self.expression.holds(lambda name: tuple(self._columns[name].values(packet)))


def cell(column: Column, packet: Packet, separator: str) -> str:
    """Give the values of a field as text for one cell of a line.

    Between several values stands a comma, or a semicolon where the comma is the `separator` of the
    cells. Both are escaped within a value, and so is what is not printable.
    """
    between = ";" if separator == "," else ","
    values = [clean(value_text(column.field, value)) for value in column.values(packet)]
    for sign in (separator, between if len(values) > 1 else ""):
        if sign:
            escape = "".join(f"\\x{ord(character):02x}" for character in sign)
            values = [text.replace(sign, escape) for text in values]
    return between.join(values)


def value_text(field: Field, value: Any) -> str:
    """Give a value of a field as text."""
    match field.kind:
        case Kind.FLAG:
            return "1" if value else "0"
        case Kind.TIME:
            return rfc3339(value) or f"{value // SECOND}.{value % SECOND:09}"
        case Kind.ADDRESS if isinstance(value, bytes):
            return address_text(value)
        case _:
            return str(value)
