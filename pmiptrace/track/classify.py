"""What a PBU asks for, seen against the session it meets."""

from __future__ import annotations

from collections.abc import Sequence

from pmiptrace.model import Binding, BindingState, ExchangeKind, Message, Session
from pmiptrace.track.registration import Registration
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff
from pmiptrace.wire.messages import BindingUpdate
from pmiptrace.wire.options.rfc6602 import (
    ALL_SESSIONS,
    BULK_BINDING_UPDATE_GROUP,
    MnGroupIdentifier,
)

_LIVE = frozenset(state for state in BindingState if state.is_live)
_THERE = _LIVE | {BindingState.PENDING}
_LEFT_BEHIND = _LIVE | {BindingState.DEREG_WAIT}
_OF_ONE_SESSION = (8, 22, 33, 36)
"""Options that name one session (RFC 6602 section 5.1.3)."""
_LOSSES = ("truncated", "header-overrun", "header-short", "option-overrun")
"""Defects that leave the end of a message unread."""


def classify(
    request: Registration, session: Session, binding: Binding | None, bindings: Sequence[Binding]
) -> ExchangeKind:
    """Name what a PBU asks for.

    `binding` is the one it is about, if there is one; `bindings` are all those of its MAG.
    """
    if request.lifetime == 0:
        selective = is_selective(request, session)
        return ExchangeKind.DEREG_SELECTIVE if selective else ExchangeKind.DEREG
    multipath = request.multipath
    if (
        multipath is not None
        and (multipath.overwrite or multipath.bulk)
        and _has_others(request, session, binding, bindings)
    ):
        return ExchangeKind.OVERWRITE if multipath.overwrite else ExchangeKind.BULK
    if binding is not None and binding.state.is_live:
        same = binding.care_of_address == request.care_of_address
        return ExchangeKind.REFRESH if same else ExchangeKind.COA_CHANGE
    if _is_renewed(request, session, binding):
        return ExchangeKind.REFRESH
    own = [b for b in bindings if b is not binding and is_there(b)]
    if own and multipath is None:
        same = any(b.care_of_address == request.care_of_address for b in own)
        return ExchangeKind.REFRESH if same else ExchangeKind.COA_CHANGE
    if own:
        return ExchangeKind.ADD_PATH
    if _foreign(session, bindings):
        is_sharing = request.handoff_indicator == Handoff.NEW_INTERFACE_SHARING_PREFIXES
        return ExchangeKind.ADD_PATH if is_sharing else ExchangeKind.HANDOVER
    is_unseen = session.partial and binding is None
    if is_unseen and request.handoff_indicator in (
        Handoff.BETWEEN_INTERFACES,
        Handoff.BETWEEN_MAGS,
    ):
        return ExchangeKind.HANDOVER
    return ExchangeKind.INITIAL


def _has_others(
    request: Registration, session: Session, binding: Binding | None, bindings: Sequence[Binding]
) -> bool:
    """Tell whether there is, or was before the capture, a binding for a B or O flag to be about."""
    if binding is not None and binding.state.is_live:
        return True
    if any(b is not binding and is_there(b) for b in bindings):
        return True
    is_sharing = request.handoff_indicator == Handoff.NEW_INTERFACE_SHARING_PREFIXES
    is_renewed = _is_renewed(request, session, binding)
    return is_renewed or (is_sharing and _foreign(session, bindings))


def _is_renewed(request: Registration, session: Session, binding: Binding | None) -> bool:
    """Tell whether a PBU is for a binding that began before the capture."""
    is_unseen = session.partial and binding is None
    return is_unseen and request.handoff_indicator == Handoff.NOT_CHANGED


def _foreign(session: Session, bindings: Sequence[Binding]) -> bool:
    """Tell whether another MAG than that of some bindings has, or had just now, one as well."""
    return any(is_left_behind(b) and not is_one_of(b, bindings) for b in session.bindings)


def why_partial(request: Registration) -> str | None:
    """Say why a session whose first message is this PBU must have begun before the capture."""
    if request.lifetime == 0:
        return "its first message is a de-registration"
    indicator = request.handoff_indicator
    if indicator == Handoff.NOT_CHANGED:
        return "its first message is a re-registration"
    if indicator == Handoff.NEW_INTERFACE_SHARING_PREFIXES:
        return "its first message adds an interface"
    has_prefix = bool(request.prefixes) or request.ipv4_home_address is not None
    if not has_prefix or indicator in (None, Handoff.NEW_INTERFACE):
        return None
    if indicator in (Handoff.BETWEEN_INTERFACES, Handoff.BETWEEN_MAGS):
        return "its first message is a handover from a MAG not seen"
    return "its first message names a prefix that was assigned before"


def is_for_group(message: Message) -> bool:
    """Tell whether a message is about all sessions of a group, and so names none of them.

    RFC 6602 section 5.1.3: it has the group's identifier in place of those of a session, and a PBU
    has B=0; B=1 asks to join the group.
    """
    if MnGroupIdentifier not in map(type, message.options):
        return False
    body = message.body
    if isinstance(body, BindingUpdate) and body.bulk_binding_update:
        return False
    return bool(_groups(message)) and not any(message.has(n) for n in _OF_ONE_SESSION)


def is_in_group(session: Session, message: Message) -> bool:
    """Tell whether a message for a group of its MAG is about a session, too.

    The session is in the group that its last accepted PBU asks for by B=1; a PBU with B=0 takes it
    out of any (RFC 6602 section 5.2.2).
    """
    joined = session.last_accepted
    if joined is None or not isinstance(joined.body, BindingUpdate):
        return False
    if not joined.body.bulk_binding_update:
        return False
    wanted = _groups(message)
    return ALL_SESSIONS in wanted or not wanted.isdisjoint(_groups(joined))


def _groups(message: Message) -> set[int]:
    """Give the bulk binding update groups that a message names."""
    groups = message.every(MnGroupIdentifier)
    return {g.group_identifier for g in groups if g.subtype == BULK_BINDING_UPDATE_GROUP}


def is_selective(request: Registration, session: Session) -> bool:
    """Tell whether a de-registration is about the prefixes or the IPv4 address alone.

    That can be only while the session has both (RFC 5844 section 3.2.3.3).
    """
    has_prefix = bool(request.prefixes) or request.all_zero
    has_both = bool(session.prefixes) and session.ipv4_home_address is not None
    return has_both and request.has_ipv4 != has_prefix


def is_one_of(binding: Binding, bindings: Sequence[Binding]) -> bool:
    """Tell whether a binding is one of several, by identity: comparing values takes long."""
    return id(binding) in map(id, bindings)


def is_there(binding: Binding) -> bool:
    """Tell whether a binding is live or on its way to be."""
    return binding.state in _THERE


def is_left_behind(binding: Binding) -> bool:
    """Tell whether a binding at another MAG makes a registration a handover.

    That is so as long as the LMA has the entry, also in the delay before it deletes it
    (RFC 5213 section 5.3.5).
    """
    return binding.state in _LEFT_BEHIND


def is_cut(message: Message) -> bool:
    """Tell whether the end of a message is missing, so that an absent option proves nothing."""
    return bool(message.defects) and any(d.kind in _LOSSES for d in message.defects)
