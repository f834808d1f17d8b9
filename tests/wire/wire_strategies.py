"""Hypothesis strategies for options and messages, built from their declarations."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from pmiptrace.model import Body, Option
from pmiptrace.wire.body import MESSAGE_TYPES, MessageType
from pmiptrace.wire.layout import Bits, Field, Flag, Layout, Maybe, Octets, Rest, SubOptions
from pmiptrace.wire.option import MOBILITY_OPTIONS, OptionRegistry


def field_values(field: Field) -> st.SearchStrategy[Any]:
    if isinstance(field, Flag):
        return st.booleans()
    if isinstance(field, Bits):
        low = -(1 << field.width - 1) if field.signed else 0
        return st.integers(low, low + (1 << field.width) - 1)
    if isinstance(field, Octets):
        return st.binary(min_size=field.size, max_size=field.size)
    if isinstance(field, Rest):
        return st.binary(max_size=40)
    if isinstance(field, Maybe):
        return st.none() | st.integers(0, (1 << field.width) - 1)
    assert isinstance(field, SubOptions)
    return st.lists(options(field.registry), max_size=3).map(tuple)


def excess(layout: Layout[Any]) -> st.SearchStrategy[bytes]:
    """Octets behind what the layout knows, that cannot be taken for a part of it."""
    if layout.tail is None:
        return st.binary(max_size=5)
    if isinstance(layout.tail.field, SubOptions):
        # A Type without a Length, and a Length that goes beyond the end.
        return st.sampled_from([b"", b"\xff", b"\xff\x04\x01"])
    return st.just(b"")


def values(cls: type[Any], excess: st.SearchStrategy[bytes]) -> st.SearchStrategy[Any]:
    layout = Layout.of(cls)
    arguments = {placed.name: field_values(placed.field) for placed in layout.fields}
    return st.builds(cls, excess=excess, **arguments)


@cache
def options(registry: OptionRegistry = MOBILITY_OPTIONS) -> st.SearchStrategy[Option]:
    return st.one_of(
        *(
            values(declared.cls, st.just(b"") if number == 0 else excess(declared.layout))
            for number, declared in sorted(registry.types.items())
        )
    )


def _bodies(declared: MessageType) -> st.SearchStrategy[Body]:
    arguments = {p.name: field_values(p.field) for p in declared.layout.fields}
    if declared.abbreviation == "HAS":
        addresses = st.integers(0, 3).flatmap(
            lambda count: st.binary(min_size=count * 16, max_size=count * 16)
        )
        return addresses.map(
            lambda octets: declared.cls(number_of_addresses=len(octets) // 16, addresses=octets)
        )
    if declared.variant:
        # The field that selects the form keeps its default.
        del arguments[declared.layout.fields[0].name]
    elif len(MESSAGE_TYPES[declared.mh_type]) > 1:
        arguments[declared.layout.fields[0].name] = st.integers(3, 255)
    return st.builds(declared.cls, **arguments)


ALL_MESSAGES = [form for forms in MESSAGE_TYPES.values() for form in forms]
BODIES = {form.abbreviation: _bodies(form) for form in ALL_MESSAGES}
