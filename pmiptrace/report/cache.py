"""The binding cache as JSON: one document, or one object per line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct, json

from pmiptrace.address import address_text
from pmiptrace.analysis import Change
from pmiptrace.cache import BindingCache, Entry
from pmiptrace.model import SECOND, CaptureInfo, MagNode, SessionMode
from pmiptrace.report.as_document import capture_document, mag_document, tool
from pmiptrace.report.document import (
    AccessTechnology,
    Address,
    Bid,
    CaptureDocument,
    Count,
    FrameMoment,
    IfAtt,
    IfLabel,
    Lifetime,
    MagDocument,
    Name,
    PrefixText,
    SchemaVersion,
    Seconds,
    SessionId,
    StateName,
    Time,
    Tool,
)
from pmiptrace.report.escaping import name_text
from pmiptrace.report.jsonl import CaptureLine, TransitionLine, transition_line
from pmiptrace.report.readable_json import as_json
from pmiptrace.report.times import rfc3339


class EntryDocument(Struct, frozen=True, kw_only=True):
    """An entry of an LMA's binding cache."""

    lma: Address
    """The LMA that has the entry."""
    mobile_node: Name | None
    """Of the Mobile Node Identifier option (RFC 4283); null if its messages have none."""
    session: SessionId
    """The session of the entry."""
    prefixes: tuple[PrefixText, ...]
    """Home network prefixes of the session."""
    ipv4_home_address: PrefixText | None
    """Of the mobile node; null unless the last PBA granted one (RFC 5844 section 3.1.2.6)."""
    mode: SessionMode
    partial: bool
    """Whether the session began before the capture."""
    bid: Bid | None
    """Of the path; null where the LMA keeps a single binding, without RFC 8278."""
    mag: MagDocument
    """The MAG that registered it."""
    care_of_address: Address
    """The MAG's end of the path."""
    interface_att: IfAtt | None
    """Of the path; null without the MAG Multipath Binding option."""
    interface_label: IfLabel | None
    """Of the path; null without the MAG Multipath Binding option."""
    access_technology: AccessTechnology | None
    """Of its PBU, or of the PBA if none was captured; null without that option."""
    state: StateName
    live: bool
    """Whether the LMA forwards traffic over it."""
    lifetime_s: Lifetime | None
    """As granted last; null if no grant was seen."""
    left_s: Seconds | None
    """Seconds until the lifetime ends; null if that is not known, or it is not live."""
    granted_at: Time | None
    """When the lifetime was granted last; null if that was not seen, or has no time."""
    expires_at: Time | None
    """`granted_at` and the lifetime, also when it ended before; null as `granted_at` is."""
    since: FrameMoment | None
    """The message that set the state; null if the clock did."""


class CacheSummary(Struct, frozen=True, kw_only=True):
    """How much was read, and how much of it is shown."""

    at: Time | None
    """The moment that is shown; null if the captures have no times."""
    messages: Count
    """In all captures until then, duplicates apart."""
    sessions: Count
    """Those that have an entry."""
    bindings: Count
    """The entries, live or not."""
    live: Count
    """Those of them over which the LMA forwards traffic."""
    gone: dict[str, Count]
    """Bindings no longer held, by the state that they ended in."""
    interrupted: bool
    """Whether the analysis was stopped early."""


class CacheDocument(Struct, frozen=True, kw_only=True):
    """The binding cache at a moment: ``pmiptrace bindings --format json``."""

    schema_version: SchemaVersion
    tool: Tool
    captures: tuple[CaptureDocument, ...]
    """As far as they were read; those that could not be opened come last."""
    summary: CacheSummary
    bindings: tuple[EntryDocument, ...]
    """By LMA, mobile node, session, MAG and BID."""
    changes: tuple[TransitionLine, ...] | None
    """All changes of state until then, in order of time; null unless `--changes` asks for them."""


class EntryLine(EntryDocument, frozen=True, kw_only=True, tag_field="type", tag="binding"):
    """An entry, as it stood at the moment that is shown."""


class CacheSummaryLine(CacheSummary, frozen=True, kw_only=True, tag_field="type", tag="summary"):
    """The last line."""

    schema_version: SchemaVersion
    tool: Tool


CacheLine = TransitionLine | CaptureLine | EntryLine | CacheSummaryLine


def entry_document(entry: Entry, mags: Mapping[int, MagNode]) -> EntryDocument:
    """Show an entry."""
    session, binding, since = entry.session, entry.binding, entry.binding.since
    home = session.granted_ipv4
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
    return as_json(document)


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
