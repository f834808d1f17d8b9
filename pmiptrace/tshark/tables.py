"""What is known of tshark's decoder: which field of ours each of its fields is, and its faults.

`fields.tsv` has a row for every ``mip6`` field of tshark. `faults.tsv` has the places where tshark
and this program are known to differ, with the section that settles it.
"""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from msgspec import Struct

from pmiptrace.model import direct


@direct
class How(StrEnum):
    """How a field of tshark's is compared."""

    VALUE = "value"
    """It is one field of ours, in the same bits, with the same value."""
    CODE = "code"
    """The same, and the number has the same meaning."""
    WITHIN = "within"
    """It is a part of what is one field here, or stands for several."""
    OPTION = "option"
    """It is a whole option."""
    COMPLAINT = "complaint"
    """It says that octets do not follow their format."""
    SKIP = "skip"
    """It says that tshark does not decode something."""


class FieldRow(Struct, frozen=True):
    """What a field of tshark's is here."""

    name: str
    how: How
    ours: tuple[str, ...]
    """Names of `pmiptrace.wire.tree.Node`, in which ``*`` stands for anything."""

    def means(self, name: str) -> bool:
        """Tell whether it can be our field of that name."""
        return any(fnmatchcase(name, pattern) for pattern in self.ours)


class Fault(Struct, frozen=True):
    """A known difference, by the patterns that it shows in; ``*`` stands for anything."""

    kind: str
    message: str
    """Kind of message: ``PBU``."""
    field: str
    """tshark's field; ``-`` for none."""
    ours: str
    """The field or option here; ``-`` for none."""
    versions: str
    """The releases that were seen to have it: ``4.0 4.6``."""
    reference: str
    """The section that settles it."""
    text: str

    def explains(self, kind: str, message: str, field: str, ours: str) -> bool:
        """Tell whether a difference of that kind, at these fields, is this one."""
        pairs = ((self.kind, kind), (self.message, message), (self.field, field), (self.ours, ours))
        return all(fnmatchcase(text or "-", pattern) for pattern, text in pairs)


@cache
def field_rows() -> dict[str, FieldRow]:
    """Give the rows by the name of tshark's field; read once."""
    rows = (FieldRow(name, How(how), tuple(ours.split())) for name, how, ours in _table("fields"))
    return {row.name: row for row in rows}


@cache
def faults() -> tuple[Fault, ...]:
    """Give the known differences, the narrower ones first; read once."""
    return tuple(Fault(*cells) for cells in _table("faults"))


def _table(name: str) -> list[list[str]]:
    text = files("pmiptrace.tshark").joinpath(f"{name}.tsv").read_text("utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]
