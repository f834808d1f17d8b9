"""What the fixed part of a Mobility Header message is: its declaration per MH Type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct

from pmiptrace.model import Body
from pmiptrace.wire.layout import Layout

B = TypeVar("B", bound=Body)


class MessageType(Struct, frozen=True):
    """The declaration of a message: its MH Type, names and the RFC that defines it."""

    mh_type: int
    name: str
    abbreviation: str
    reference: str
    cls: type[Body]
    variant: bytes
    """First octets of the body that select this form of the message; empty if any will do."""
    has_options: bool
    extent: Callable[[bytes], int] | None
    """Gives, from the fixed part, the octets of a list between it and the options."""

    @property
    def layout(self) -> Layout[Any]:
        """The fields of the fixed part."""
        return Layout.of(self.cls)

    @property
    def minimum(self) -> int:
        """Octets of the shortest Mobility Header that can hold it (RFC 6275 section 9.2)."""
        return (6 + self.layout.size + 7) // 8 * 8


MESSAGE_TYPES: dict[int, tuple[MessageType, ...]] = {}
"""The Mobility Header Types registry of IANA; several forms where the body tells them apart."""


def mobility_message(
    mh_type: int,
    name: str,
    abbreviation: str,
    reference: str,
    *,
    variant: bytes = b"",
    has_options: bool = True,
    extent: Callable[[bytes], int] | None = None,
) -> Callable[[type[B]], type[B]]:
    """Declare the class below as the fixed part of the messages of that MH Type.

    Of several forms the one without `variant` comes last: it stands for all others.
    """

    def register(cls: type[B]) -> type[B]:
        cls.mh_type = mh_type
        cls.abbreviation = abbreviation
        declared = MessageType(
            mh_type,
            name,
            abbreviation,
            reference,
            cls,
            variant,
            has_options,
            extent,
        )
        MESSAGE_TYPES[mh_type] = (*MESSAGE_TYPES.get(mh_type, ()), declared)
        return cls

    return register


def message_type(mh_type: int, content: bytes = b"") -> MessageType | None:
    """Give the declaration that fits a MH Type and the octets behind the checksum."""
    for form in MESSAGE_TYPES.get(mh_type, ()):
        if content.startswith(form.variant):
            return form
    return None
