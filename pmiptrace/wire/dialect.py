"""Dialects: peers that use other numbers than IANA's, and how to read them all the same.

Code points of a draft are chosen by whoever builds it. A dialect is a table of what a known build
puts in place of the assigned numbers; `dialects/` holds those that are known, and a user can write
one of his own::

    name = "lab-2017"

    [detect.options]     # options that must all be there, with these values of Length
    200 = 6

    [detect.flags]       # the whole flags field of BU (16 bits) or BA (8 bits), if it must be so
    BU = 0x8200

    [flags.BU]           # where the flags of BU or BA stand; those without an entry are clear
    A = 0x8000
    P = 0x0200

    [implied]            # flags to take as set
    BA = ["P"]

    [status]             # status codes of a BA, on the wire and in IANA's registry
    200 = 180

    [[option]]
    number = 200         # on the wire
    means = 63           # in IANA's registry
    length = 6           # value of Length on the wire; any if it is left out
    skip = 0             # octets of content to leave out
    prepend = ""         # octets to put before what remains, in hexadecimal
    void = ""            # content that stands for "not given": the option is taken as padding

A table is only ever applied to Binding Updates and Acknowledgements. It must not touch a message
that makes sense in IANA's numbers, so one of the options that give it away has to be impossible
there, by its number or its length; a table without such an option is refused.
"""

from __future__ import annotations

import difflib
import tomllib
from collections import OrderedDict
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from pmiptrace.errors import UsageError
from pmiptrace.model import Body, Datagram, Message, Option
from pmiptrace.wire.decode import decode, kind_of
from pmiptrace.wire.layout import Flag, Layout
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate
from pmiptrace.wire.option import MOBILITY_OPTIONS, PAD1, PADN
from pmiptrace.wire.options.rfc6275 import PadN

PEERS_REMEMBERED = 4096
"""How many pairs of peers are known to speak a dialect; then the one longest unheard goes."""

FLAG_WORDS: dict[str, tuple[int, int]] = {"BU": (8, 10), "BA": (7, 8)}
"""Where the flags stand in a message, in octets from the start of the Mobility Header."""


Octet = Annotated[int, Meta(ge=0, le=255)]
OptionNumber = Annotated[int, Meta(gt=PADN, le=255)]


class OptionRule(Struct, frozen=True, forbid_unknown_fields=True):
    """What one option number of a dialect stands for."""

    number: OptionNumber
    means: OptionNumber
    length: Octet | None = None
    skip: Octet = 0
    prepend: str = ""
    void: str | None = None

    def translate(self, content: bytes) -> Option:
        """Give the option that content of this number stands for."""
        if self.void is not None and content == bytes.fromhex(self.void):
            return PadN(data=content)
        content = bytes.fromhex(self.prepend) + content[self.skip :]
        return MOBILITY_OPTIONS.decode_content(self.means, content)


class Detection(Struct, frozen=True, forbid_unknown_fields=True):
    """What gives a dialect away."""

    options: dict[OptionNumber, Octet]
    flags: dict[str, int] = field(default_factory=dict)


class Dialect(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of numbers that stand in place of IANA's."""

    name: str
    detect: Detection
    description: str = ""
    flags: dict[str, dict[str, int]] = field(default_factory=dict)
    implied: dict[str, list[str]] = field(default_factory=dict)
    status: dict[Octet, Octet] = field(default_factory=dict)
    option: list[OptionRule] = field(default_factory=list)

    def recognizes(self, message: Message) -> bool:
        """Tell whether a message can only be meant in this dialect."""
        expected = self.detect.flags.get(message.body.abbreviation)
        if expected is not None and expected != _flag_word(message):
            return False
        found = set(_headers(message))
        return all(header in found for header in self.detect.options.items())

    def accommodates(self, message: Message) -> bool:
        """Tell whether a message of a peer that is known to speak the dialect can be meant in it.

        A peer may answer with fewer options than give the dialect away; but an option or a flag
        that the dialect does not have shows that the peer now speaks otherwise.
        """
        table = self.flags.get(message.body.abbreviation)
        if table is not None:
            unknown = _flag_word(message)
            for bit in table.values():
                unknown &= ~bit
            if unknown:
                return False
        lengths = {rule.number: rule.length for rule in self.option}
        return all(
            number in (PAD1, PADN) or (number in lengths and lengths[number] in (None, length))
            for number, length in _headers(message)
        )

    def translate(self, message: Message) -> Message:
        """Give the message in IANA's numbers.

        The datagram, the checksum and the places of the options stay those of the wire.
        """
        payload = message.datagram.payload
        rules = {rule.number: rule for rule in self.option}
        options = []
        translated = set()
        for option, offset in zip(message.options, message.offsets, strict=True):
            rule = rules.get(payload[offset])
            if rule is not None:
                end = offset + 2 + payload[offset + 1]
                option = rule.translate(payload[offset + 2 : end])
                translated.add(offset)
            options.append(option)
        body = self._translate_body(message)
        return replace(
            message,
            body=body,
            options=tuple(options),
            # What is wrong with an option by IANA's definition of its number says nothing here.
            defects=tuple(d for d in message.defects if d.offset not in translated),
            dialect=self.name,
            kind=kind_of(body),
        )

    def _translate_body(self, message: Message) -> Body:
        body = message.body
        kind = body.abbreviation
        changes: dict[str, Any] = {}
        names = flag_names(type(body))
        table = self.flags.get(kind)
        if table is not None:
            word = _flag_word(message)
            changes = {name: bool(word & table.get(flag, 0)) for flag, name in names.items()}
            changes["reserved"] = 0
        changes.update((names[flag], True) for flag in self.implied.get(kind, ()))
        if isinstance(body, BindingAcknowledgement):
            changes["status"] = self.status.get(body.status, body.status)
        return replace(body, **changes)


class DialectDecoder:
    """Decodes messages, and translates those of peers that speak a dialect.

    `choice` is ``auto`` to recognize the dialects that come with the package, ``none`` for IANA's
    numbers alone, the name of one of those dialects, or the path of a table. A dialect that was
    asked for by name or path is recognized no less carefully than any other.

    Raises `UsageError` for an unknown name or a table with an error.
    """

    def __init__(self, choice: str = "auto") -> None:
        self.dialects = _chosen(choice)
        self._peers: OrderedDict[frozenset[bytes], Dialect] = OrderedDict()

    def decode(self, datagram: Datagram) -> Message:
        """Decode the Mobility Header in a datagram; never raises."""
        message = decode(datagram)
        if not self.dialects or message.mh_type not in (5, 6):
            return message
        if not isinstance(message.body, (BindingUpdate, BindingAcknowledgement)):
            return message
        dialect = self._dialect_of(message)
        return message if dialect is None else dialect.translate(message)

    def forget(self) -> None:
        """Forget which peers speak a dialect: what comes next is of another run."""
        self._peers.clear()

    def _dialect_of(self, message: Message) -> Dialect | None:
        for dialect in self.dialects:
            if dialect.recognizes(message):
                peers = _peers_of(message)
                self._peers[peers] = dialect
                self._peers.move_to_end(peers)
                if len(self._peers) > PEERS_REMEMBERED:
                    self._peers.popitem(last=False)
                return dialect
        if not self._peers:
            return None
        known = self._peers.get(_peers_of(message))
        return known if known is not None and known.accommodates(message) else None


def dialect_names() -> list[str]:
    """Give the names of the dialects that come with the package."""
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in files("pmiptrace.wire").joinpath("dialects").iterdir()
        if entry.name.endswith(".toml")
    )


def load_dialect(name: str) -> Dialect:
    """Give the dialect of a name, or of the table at a path.

    Raises `UsageError` if there is none, with the nearest name, or if the table has an error.
    """
    names = dialect_names()
    if name in names:
        resource = files("pmiptrace.wire").joinpath("dialects", f"{name}.toml")
        return parse_dialect(resource.read_text("utf-8"), f"{name}.toml")
    path = Path(name)
    if path.suffix != ".toml" and not path.is_file():
        near = difflib.get_close_matches(name, [*names, "auto", "none"], n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
        raise UsageError(f"there is no dialect {name!r}; {hint}")
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"{name}: cannot read the dialect: {reason}") from error
    return parse_dialect(text, name)


def parse_dialect(text: str, file: str) -> Dialect:
    """Give the dialect that a table in TOML describes.

    Raises `UsageError` with the file and the key if the table has an error.
    """
    try:
        dialect = msgspec.convert(tomllib.loads(text), Dialect, strict=False)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: no valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        reason = str(error).partition(" - at ")[0]
        where = str(error).partition("$")[2].strip("`.") or "the table"
        raise UsageError(f"{file}: {where}: {reason}") from error
    _check(dialect, file)
    return dialect


def flag_names(cls: type[Body]) -> dict[str, str]:
    """Give the flags of a message: letter of the RFC's diagram to name of the attribute."""
    return {
        placed.field.label: placed.name
        for placed in Layout.of(cls).fields
        if isinstance(placed.field, Flag)
    }


def _chosen(choice: str) -> tuple[Dialect, ...]:
    if choice == "none":
        return ()
    names = dialect_names() if choice == "auto" else [choice]
    return tuple(load_dialect(name) for name in names)


def _headers(message: Message) -> list[tuple[int, int]]:
    """Give number and Length of a message's options as they are on the wire."""
    payload = message.datagram.payload
    return [
        (payload[offset], payload[offset + 1] if payload[offset] != PAD1 else 0)
        for offset in message.offsets
    ]


def _peers_of(message: Message) -> frozenset[bytes]:
    return frozenset((message.source, message.destination))


def _flag_word(message: Message) -> int:
    start, end = FLAG_WORDS[message.body.abbreviation]
    return int.from_bytes(message.datagram.payload[start:end])


def _check(dialect: Dialect, file: str) -> None:
    """Refuse what the types of the table do not rule out."""
    if not any(_impossible(*header) for header in dialect.detect.options.items()):
        raise UsageError(
            f"{file}: detect.options: none of them is impossible in IANA's numbers,"
            " so the dialect could not be told from correct messages"
        )
    messages: dict[str, type[Body]] = {"BU": BindingUpdate, "BA": BindingAcknowledgement}
    flags = {kind: set(flag_names(cls)) for kind, cls in messages.items()}
    for key, table in (
        ("detect.flags", dict.fromkeys(dialect.detect.flags, ())),
        ("flags", dialect.flags),
        ("implied", dialect.implied),
    ):
        for kind, letters in table.items():
            if kind not in flags:
                raise UsageError(f"{file}: {key}.{kind}: flags are those of BU or BA")
            for letter in letters:
                if letter not in flags[kind]:
                    raise UsageError(f"{file}: {key}.{kind}: there is no flag {letter!r}")
    for index, rule in enumerate(dialect.option):
        for key, octets in (("prepend", rule.prepend), ("void", rule.void or "")):
            try:
                bytes.fromhex(octets)
            except ValueError as error:
                raise UsageError(f"{file}: option[{index}].{key}: not hexadecimal") from error


def _impossible(number: int, length: int) -> bool:
    """Tell whether IANA's registry has no option of that number and Length."""
    declared = MOBILITY_OPTIONS.types.get(number)
    return declared is None or (declared.length_verified and not declared.length.allows(length))
