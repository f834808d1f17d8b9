"""The binding caches of the LMAs as they stood at a moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from pmiptrace.analysis import Change, Event
from pmiptrace.model import Binding, BindingState, MagNode, Session
from pmiptrace.selection import Narrowing, Selection

_HELD = frozenset({BindingState.DEREG_WAIT, BindingState.PENDING})


class Entry(Struct, frozen=True):
    """One binding, with the session it belongs to."""

    session: Session
    binding: Binding
    left: int | None
    """Nanoseconds until its lifetime ends; None where that is not known, or nothing is granted."""


class BindingCache(Struct, frozen=True, kw_only=True):
    """What the LMAs held, as far as the captures show it."""

    at: int | None
    """The moment; None if the captures have no times."""
    entries: tuple[Entry, ...]
    """By LMA, mobile node, session, MAG and BID."""
    gone: Counter[str]
    """Bindings that are no longer held, by the state they ended in."""


def is_held(binding: Binding) -> bool:
    """Tell whether a cache has, or is about to have, an entry for a binding.

    An entry stays for MinDelayBeforeBCEDelete after its de-registration (RFC 5213 section 5.3.5);
    a binding that is asked for is shown as `pending`.
    """
    return binding.state.is_live or binding.state in _HELD


class CacheBuilder:
    """Follows the events of an analysis, and gives the cache as it stands when they end.

    Of the sessions that are over before that, only the number of their bindings is kept.
    """

    def __init__(self, selection: Selection, mags: Mapping[int, MagNode]) -> None:
        self._narrowing = Narrowing(selection, mags)
        self._held: dict[int, Session] = {}
        self._gone: Counter[str] = Counter()

    def event(self, event: Event) -> bool:
        """Take an event; tell whether it is a `Change` that is selected."""
        if isinstance(event, Session):
            self._session(event)
        return isinstance(event, Change) and self._narrowing.change(event.session, event.binding)

    def cache(self, at: int | None) -> BindingCache:
        """Give the cache, at the moment at which the analysis ended."""
        entries = [
            Entry(session, binding, _left(binding, at))
            for session in self._held.values()
            for binding in session.bindings
            if is_held(binding) and self._narrowing.change(session, binding)
        ]
        return BindingCache(at=at, entries=tuple(sorted(entries, key=_order)), gone=self._gone)

    def _session(self, session: Session) -> None:
        if any(map(is_held, session.bindings)):
            self._held[session.id] = session
        for binding in session.bindings:
            if not is_held(binding) and self._narrowing.change(session, binding):
                self._gone[binding.state.public_name] += 1


def _left(binding: Binding, at: int | None) -> int | None:
    if at is None or binding.expires_at is None or not binding.state.is_live:
        return None
    return max(binding.expires_at - at, 0)


def _order(entry: Entry) -> tuple[object, ...]:
    session, binding = entry.session, entry.binding
    bid = -1 if binding.bid is None else binding.bid
    return (
        session.lma,
        str(session.mobile_node or ""),
        session.id,
        binding.mag,
        bid,
        binding.care_of_address,
    )
