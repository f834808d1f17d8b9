"""What a mobility option is: its declaration, and the type-length-value list it travels in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from pmiptrace.errors import EncodeError
from pmiptrace.model import Defect, OpaqueOption, Option
from pmiptrace.wire.layout import Layout, SubOptions

O = TypeVar("O", bound=Option)  # noqa: E741

PAD1 = 0
PADN = 1


class LengthRule(Struct, frozen=True):
    """Which values of an option's Length field its definition allows."""

    exact: tuple[int, ...] = ()
    minimum: int = 0
    multiple: int = 1

    def allows(self, length: int) -> bool:
        """Tell whether an option of that length follows its definition."""
        if self.exact:
            return length in self.exact
        return length >= self.minimum and length % self.multiple == 0

    def __str__(self) -> str:
        if self.exact:
            return " or ".join(map(str, self.exact))
        if self.multiple > 1:
            return f"a multiple of {self.multiple}, at least {self.minimum}"
        return f"at least {self.minimum}" if self.minimum else "any"


def exactly(*lengths: int) -> LengthRule:
    """Allow these lengths only."""
    return LengthRule(exact=lengths)


def at_least(minimum: int, *, multiple: int = 1) -> LengthRule:
    """Allow every length from `minimum` on, or every multiple of `multiple` among them."""
    return LengthRule(minimum=minimum, multiple=multiple)


class OptionType(Struct, frozen=True):
    """An option's declaration: what its number stands for and what its RFC asks of it."""

    number: int
    name: str
    reference: str
    """RFC and section, as one cites it."""
    cls: type[Option]
    length: LengthRule
    length_verified: bool
    """Whether `length` was held against the text of the RFC; only then may a rule rest on it."""
    alignment: tuple[int, int] | None
    """(x, y) of the requirement xn+y, from the start of the Mobility Header; None without one."""
    messages: tuple[str, ...]
    """The kinds of message it is defined for; empty where that was not settled."""

    @property
    def layout(self) -> Layout[Any]:
        """Its fields."""
        return Layout.of(self.cls)

    @property
    def registries(self) -> tuple[OptionRegistry, ...]:
        """What its content may hold: sub-options, or the contents that vendors define."""
        tail = self.layout.tail
        if tail is not None and isinstance(tail.field, SubOptions):
            return (tail.field.registry,)
        contents: Mapping[int, OptionRegistry] = getattr(self.cls, "content_registries", {})
        return tuple(contents.values())


TIMESTAMP = 27
"""RFC 5213 section 8.8. No two requests have the same."""

REMEMBERED = 65_536
"""Options kept decoded. Peers say the same again and again, who the mobile node is and which
prefix it has; to find an option takes a third of the time of making it."""


class _Decoders(Struct, frozen=True):
    """How to decode one option; made when it is first met."""

    size: int
    """Octets of the fixed fields."""
    fixed: Callable[[bytes], Option]
    """For content of exactly that size."""
    longer: Callable[[bytes], Option]
    has_sub_options: bool


class _DecoderTable(dict[int, _Decoders | None]):
    def __init__(self, types: dict[int, OptionType]) -> None:
        self.types = types

    def __missing__(self, number: int) -> _Decoders | None:
        decoders = None
        if number in self.types:
            layout = self.types[number].layout
            nested = layout.tail is not None and isinstance(layout.tail.field, SubOptions)
            decoders = _Decoders(layout.size, layout.decode_fixed, layout.decode, nested)
        self[number] = decoders
        return decoders


class OptionRegistry:
    """The options that one kind of list may hold: mobility options, or an option's sub-options."""

    def __init__(self, what: str) -> None:
        self.what = what
        """How defects name an entry: ``option``, ``ANI sub-option``."""
        self.types: dict[int, OptionType] = {}
        self._decoders = _DecoderTable(self.types)
        self._remembered: dict[bytes, Option] = {}
        """Options decoded lately, by their octets from Type on; none with a defect."""

    def declare(
        self,
        number: int,
        name: str,
        reference: str,
        *,
        length: LengthRule,
        alignment: tuple[int, int] | None = None,
        messages: Iterable[str] = (),
        length_verified: bool = True,
    ) -> Callable[[type[O]], type[O]]:
        """Declare the class below as the option of that number."""

        def register(cls: type[O]) -> type[O]:
            cls.number = number
            self.add(
                OptionType(
                    number,
                    name,
                    reference,
                    cls,
                    length,
                    length_verified,
                    alignment,
                    tuple(messages),
                )
            )
            return cls

        return register

    def add(self, declared: OptionType) -> None:
        """Take in a declaration; raises ``TypeError`` if its number has one."""
        number = declared.number
        if number in self.types:
            raise TypeError(f"{self.what} {number} is declared twice")
        self.types[number] = declared
        self._decoders.pop(number, None)
        self._remembered.clear()

    def name(self, number: int) -> str:
        """Give the registered name of a number, ``Unknown`` if there is none."""
        declared = self.types.get(number)
        return declared.name if declared else "Unknown"

    def decode_content(self, number: int, data: bytes) -> Option:
        """Give the option of that number and content; an `OpaqueOption` if it cannot be decoded."""
        known = self._decoders[number]
        if known is None or len(data) < known.size:
            return OpaqueOption(type=number, data=data)
        return known.fixed(data) if len(data) == known.size else known.longer(data)

    def decode(
        self, data: bytes, start: int = 0, defects: list[Defect] | None = None
    ) -> tuple[tuple[Option, ...], tuple[int, ...]]:
        """Take a list of options apart, from `start` to the end of `data`.

        Gives the options and where each starts in `data`. Stops at an option that runs past the
        end, and says so in `defects`: what stands behind it has no known place (RFC 6275 6.2.1).
        """
        options, offsets, _ = self._walk(data, start, defects)
        return tuple(options), tuple(offsets)

    def decode_list(self, data: bytes) -> tuple[tuple[Option, ...], bytes]:
        """Take a list of sub-options apart; give them and the octets that are no whole one."""
        options, _, end = self._walk(data, 0, None)
        return tuple(options), data[end:]

    def _walk(
        self, data: bytes, start: int, defects: list[Defect] | None
    ) -> tuple[list[Option], list[int], int]:
        options: list[Option] = []
        offsets: list[int] = []
        remembered = self._remembered
        position, end = start, len(data)
        while position < end:
            after = position + 2 + data[position + 1] if position + 1 < end else end + 1
            # Pad1, and what runs past the end, is never remembered.
            option = remembered.get(data[position:after])
            if option is None:
                option, after = self._take(data, position, after, defects)
                if option is None:
                    break
            options.append(option)
            offsets.append(position)
            position = after
        return options, offsets, position

    def _take(
        self, data: bytes, position: int, after: int, defects: list[Defect] | None
    ) -> tuple[Option | None, int]:
        """Decode the option at a position; give it, None if it has no end, and where it ends."""
        number = data[position]
        known = self._decoders[number]
        if number == PAD1 and known is not None:
            return known.fixed(b""), position + 1
        defects = [] if defects is None else defects
        end = len(data)
        if after > end:
            needed, field = (2, "Type") if position + 2 > end else (after - position, "Length")
            self._report(defects, "option-overrun", number, position, needed, end - position, field)
            return None, end
        option = self.decode_content(number, data[position + 2 : after])
        held = after - position
        if known is None:
            return option, after
        if isinstance(option, OpaqueOption):
            needed = 2 + known.size
            self._report(defects, "option-short", number, position, needed, held, "Length")
        elif known.has_sub_options and option.excess:
            whole = held - len(option.excess)
            self._report(defects, "sub-option-overrun", number, position, held, whole, "Length")
        elif number != TIMESTAMP:
            self._remember(data[position:after], option)
        return option, after

    def _remember(self, octets: bytes, option: Option) -> None:
        if len(self._remembered) >= REMEMBERED:
            self._remembered.clear()  # costs less than to keep account of each one's use
        self._remembered[octets] = option

    def _report(
        self,
        defects: list[Defect],
        kind: str,
        number: int,
        offset: int,
        needed: int,
        available: int,
        length_field: str,
    ) -> None:
        defects.append(Defect(kind, self._label(number), offset, needed, available, length_field))

    def encode_one(self, option: Option) -> bytes:
        """Give the octets of one option, Type and Length included.

        Raises `EncodeError` if its content does not fit a Length of 255.
        """
        if isinstance(option, OpaqueOption):
            number, data = option.type, option.data
        else:
            number = option.number
            data = Layout.of(type(option)).encode(option)
            if number == PAD1 and PAD1 in self.types:
                return b"\0"
        if len(data) > 255:
            raise EncodeError(f"{self._label(number)} has {len(data)} octets; Length holds 255")
        return bytes((number, len(data))) + data

    def encode(self, options: Iterable[Option]) -> bytes:
        """Give the octets of a list of options, one behind the other, without padding."""
        return b"".join(self.encode_one(option) for option in options)

    def _label(self, number: int) -> str:
        declared = self.types.get(number)
        return f"{self.what} {number}" + (f" ({declared.name})" if declared else "")


MOBILITY_OPTIONS = OptionRegistry("option")
"""The Mobility Options registry of IANA, as far as this project knows it."""

mobility_option = MOBILITY_OPTIONS.declare


def option_type(option: Option) -> OptionType | None:
    """Give the declaration of a mobility option, None if its number has none."""
    number = option.type if isinstance(option, OpaqueOption) else option.number
    return MOBILITY_OPTIONS.types.get(number)


def option_name(option: Option) -> str:
    """Give the registered name of a mobility option."""
    declared = option_type(option)
    return declared.name if declared else "Unknown"
