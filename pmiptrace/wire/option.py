"""What a mobility option is: its declaration, and the type-length-value list it travels in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from msgspec import Struct

from pmiptrace.errors import EncodeError
from pmiptrace.model import Defect, OpaqueOption, Option
from pmiptrace.wire.layout import Layout

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
    layout: Layout[Any]


class OptionRegistry:
    """The options that one kind of list may hold: mobility options, or an option's sub-options."""

    def __init__(self, what: str) -> None:
        self.what = what
        """How defects name an entry: ``option``, ``ANI sub-option``."""
        self.types: dict[int, OptionType] = {}

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
            if number in self.types:
                raise TypeError(f"{self.what} {number} is declared twice")
            cls.number = number
            self.types[number] = OptionType(
                number,
                name,
                reference,
                cls,
                length,
                length_verified,
                alignment,
                tuple(messages),
                Layout.of(cls),
            )
            return cls

        return register

    def name(self, number: int) -> str:
        """Give the registered name of a number, ``Unknown`` if there is none."""
        declared = self.types.get(number)
        return declared.name if declared else "Unknown"

    def decode_content(self, number: int, data: bytes) -> Option:
        """Give the option of that number and content; an `OpaqueOption` if it cannot be decoded."""
        declared = self.types.get(number)
        if declared is None or len(data) < declared.layout.size:
            return OpaqueOption(type=number, data=data)
        option: Option = declared.layout.decode(data)
        return option

    def decode(
        self, data: bytes, start: int = 0, defects: list[Defect] | None = None
    ) -> tuple[tuple[Option, ...], tuple[int, ...]]:
        """Take a list of options apart, from `start` to the end of `data`.

        Gives the options and where each starts in `data`. Stops at an option that runs past the
        end, and says so in `defects`: what stands behind it has no known place (RFC 6275 6.2.1).
        """
        options: list[Option] = []
        offsets: list[int] = []
        position, end = start, len(data)
        while position < end:
            number = data[position]
            if number == PAD1 and PAD1 in self.types:
                option = self.decode_content(PAD1, b"")
                after = position + 1
            else:
                if position + 2 > end:
                    _report(defects, "option-overrun", self._label(number), position, 2, 1, "Type")
                    break
                length = data[position + 1]
                after = position + 2 + length
                if after > end:
                    _report(
                        defects,
                        "option-overrun",
                        self._label(number),
                        position,
                        2 + length,
                        end - position,
                        "Length",
                    )
                    break
                option = self.decode_content(number, data[position + 2 : after])
                if type(option) is OpaqueOption and number in self.types:
                    _report(
                        defects,
                        "option-short",
                        self._label(number),
                        position,
                        2 + self.types[number].layout.size,
                        2 + length,
                        "Length",
                    )
            options.append(option)
            offsets.append(position)
            position = after
        return tuple(options), tuple(offsets)

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


def _report(
    defects: list[Defect] | None,
    kind: str,
    layer: str,
    offset: int,
    needed: int,
    available: int,
    length_field: str,
) -> None:
    if defects is not None:
        defects.append(Defect(kind, layer, offset, needed, available, length_field))


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
