"""The binding cache as JSON: one document, or one object per line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, json

from pmiptrace.address import address_text
from pmiptrace.analysis import Change
from pmiptrace.cache import BindingCache, Entry
from pmiptrace.model import SECOND, CaptureInfo, MagNode, SessionMode
from pmiptrace.report.document import (
    Address,
    CaptureDocument,
    Count,
    FrameMoment,
    MagDocument,
    Name,
    StateName,
    Time,
    Tool,
    capture_document,
    mag_document,
    name_text,
    tool,
)
from pmiptrace.report.jsonl import CaptureLine, TransitionLine, transition_line
from pmiptrace.report.times import rfc3339


class EntryDocument(Struct, frozen=True, kw_only=True):
    """An entry of an LMA's binding cache."""

    lma: Address
    mobile_node: Name | None
    session: int
    prefixes: tuple[str, ...]
    ipv4_home_address: str | None
    mode: SessionMode
    partial: Annotated[bool, Meta(description="Whether the session began before the capture")]
    bid: int | None
    mag: MagDocument
    care_of_address: Address
    interface_att: int | None
    interface_label: int | None
    access_technology: int | None
    state: StateName
    live: Annotated[bool, Meta(description="Whether the LMA forwards traffic over it")]
    lifetime_s: Annotated[int | None, Meta(description="As granted last")]
    left_s: (
        Annotated[float, Meta(ge=0, description="Until the lifetime ends; null if not known")]
        | None
    )
    granted_at: Time | None
    expires_at: Time | None
    since: Annotated[
        FrameMoment | None,
        Meta(description="The message that set the state; null if the clock did"),
    ]


class CacheSummary(Struct, frozen=True, kw_only=True):
    """How much was read, and how much of it is shown."""

    at: Annotated[Time | None, Meta(description="The moment that is shown")]
    messages: Annotated[int, Meta(ge=0, description="In all captures until then")]
    sessions: Annotated[int, Meta(ge=0, description="That have an entry")]
    bindings: Count
    live: Count
    gone: Annotated[
        dict[str, int], Meta(description="Bindings no longer held, by the state they ended in")
    ]
    interrupted: bool


class CacheDocument(Struct, frozen=True, kw_only=True):
    """The binding cache at a moment: ``pmiptrace bindings --format json``."""

    schema_version: Literal["1.0"]
    tool: Tool
    captures: tuple[CaptureDocument, ...]
    summary: CacheSummary
    bindings: tuple[EntryDocument, ...]
    changes: Annotated[
        tuple[TransitionLine, ...] | None, Meta(description="null unless they are asked for")
    ]


class EntryLine(EntryDocument, frozen=True, kw_only=True, tag_field="type", tag="binding"):
    """An entry, as it stood at the moment that is shown."""


class CacheSummaryLine(CacheSummary, frozen=True, kw_only=True, tag_field="type", tag="summary"):
    """The last line."""

    schema_version: Literal["1.0"]
    tool: Tool


CacheLine = TransitionLine | CaptureLine | EntryLine | CacheSummaryLine


def entry_document(entry: Entry, mags: Mapping[int, MagNode]) -> EntryDocument:
    """Show an entry."""
    session, binding, since = entry.session, entry.binding, entry.binding.since
    home = session.ipv4_home_address if session.ipv4_since is not None else None
    return EntryDocument(
        lma=address_text(session.lma),
        mobile_node=name_text(session.mobile_node),
        session=session.id,
        prefixes=tuple(map(str, session.prefixes)),
        ipv4_home_address=None if home is None else str(home),
        mode=session.mode,
        partial=session.partial,
        bid=binding.bid,
        mag=mag_document(mags, binding.mag),
        care_of_address=address_text(binding.care_of_address),
        interface_att=binding.interface_att,
        interface_label=binding.interface_label,
        access_technology=binding.access_technology,
        state=binding.state.public_name,
        live=binding.state.is_live,
        lifetime_s=binding.lifetime,
        left_s=None if entry.left is None else entry.left / SECOND,
        granted_at=rfc3339(binding.granted_at),
        expires_at=rfc3339(binding.expires_at),
        since=None
        if since is None or since.frame is None
        else FrameMoment(since.capture, since.frame, rfc3339(since.time)),
    )


def cache_summary(cache: BindingCache, messages: int, *, interrupted: bool) -> CacheSummary:
    """Add up a cache."""
    return CacheSummary(
        at=rfc3339(cache.at),
        messages=messages,
        sessions=len({entry.session.id for entry in cache.entries}),
        bindings=len(cache.entries),
        live=sum(entry.binding.state.is_live for entry in cache.entries),
        gone=dict(cache.gone.most_common()),
        interrupted=interrupted,
    )


def cache_octets(
    cache: BindingCache,
    summary: CacheSummary,
    captures: Iterable[CaptureInfo],
    changes: Iterable[Change] | None,
    mags: Mapping[int, MagNode],
) -> bytes:
    """Give the document in UTF-8."""
    document = CacheDocument(
        schema_version="1.0",
        tool=tool(),
        captures=tuple(map(capture_document, captures)),
        summary=summary,
        bindings=tuple(entry_document(entry, mags) for entry in cache.entries),
        changes=None
        if changes is None
        else tuple(transition_line(change, mags) for change in changes),
    )
    return json.format(json.encode(document), indent=2) + b"\n"


def cache_lines(
    cache: BindingCache,
    summary: CacheSummary,
    captures: Iterable[CaptureInfo],
    mags: Mapping[int, MagNode],
) -> Iterator[bytes]:
    """Give the lines that follow those of the changes."""
    for entry in cache.entries:
        yield _line(EntryLine(**msgspec.structs.asdict(entry_document(entry, mags))))
    for info in captures:
        yield _line(CaptureLine(**msgspec.structs.asdict(capture_document(info))))
    yield _line(
        CacheSummaryLine(schema_version="1.0", tool=tool(), **msgspec.structs.asdict(summary))
    )


def change_line(change: Change, mags: Mapping[int, MagNode]) -> bytes:
    """Give the line of a change."""
    return _line(transition_line(change, mags))


def _line(line: Struct) -> bytes:
    return json.encode(line) + b"\n"
