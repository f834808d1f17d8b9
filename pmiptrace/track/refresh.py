"""The refresh of an active binding: what most signalling of a domain is.

A MAG renews a binding before its lifetime is over, and the LMA accepts that. `Requests` and
`Answers` say what any PBU and PBA does, and stay the definition; here the same is done in fewer
steps for those that meet the conditions below. Nothing is remembered for it.

What is skipped, and why the outcome is the same:

- *Which session and binding a PBU is about* (`Sessions.of_request`, `Targets.key`). It is the
  session that has a prefix or IPv4 address named, which is where `of_request` looks first, and
  open, as the binding is active. The PBU has the BID of the binding and comes from its MAG; or
  neither has a BID, and the MAG no other binding that is live.
- *What it asks for* (`classify`). With a lifetime and the care-of address of an active binding it
  is a refresh, or what its B or O flag says, as there is a binding for that to be about.
- *What the answer changes beside that binding* (`Acceptance`). It names the prefixes and the IPv4
  home address of the session or none, and shows of multipath what is known. The PBU had neither B
  nor O flag; no other MAG has a binding that could be replaced, and those of the same MAG are over,
  or paths, which stay. The binding's last change is that request, so no bulk de-registration is to
  be taken back.
- *Alarms and lists by which a binding's end finds it* (`State.move`), for a request: an active
  binding is watched since it became so.

`tests/simulation/test_short_way.py` holds a tracker with these steps against one without them.
"""

from __future__ import annotations

from msgspec.structs import replace

from pmiptrace.model import (
    Binding,
    BindingState,
    ExchangeKind,
    MagNode,
    Moment,
    Session,
    SessionMode,
    Transition,
)
from pmiptrace.track.acceptance import with_acceptance, with_grant
from pmiptrace.track.classify import is_left_behind
from pmiptrace.track.pairing import Pending
from pmiptrace.track.registration import Registration
from pmiptrace.track.state import State, prolonged
from pmiptrace.track.states import Event

_ACTIVE, _REFRESHING = BindingState.ACTIVE, BindingState.REFRESHING
_REQUEST, _ACCEPTED = Event.REQUEST, Event.ACCEPTED
_SINGLE, _MULTIPATH = SessionMode.SINGLE, SessionMode.MULTIPATH


def refreshed(state: State, request: Registration) -> tuple[Session, Binding, MagNode] | None:
    """Give what a PBU refreshes, if that is so plain."""
    message = request.message
    if not request.lifetime or message.defects or message.checksum_correct is False:
        return None
    session = state.sessions.with_prefixes(request.lma, request.mobile_node, request)
    if session is None:
        return None
    mag = state.peers.known(request)
    if mag is None:
        return None
    binding = _only_binding(session, mag, request)
    if binding is None or binding.state is not _ACTIVE:
        return None
    return session, binding, mag


def _only_binding(session: Session, mag: MagNode, request: Registration) -> Binding | None:
    """Give the binding that a PBU can be about and no other, if it is at the same address.

    None as well if an acceptance would show more of multipath, or of the binding, than is known.
    """
    bid = request.bid
    if session.mode is not (_SINGLE if bid is None else _MULTIPATH) or session.refusal is not None:
        return None
    found = None
    for binding in session.bindings:
        if binding.mag != mag.id:
            continue
        if binding.bid == bid and binding.care_of_address == request.care_of_address:
            found = binding
        elif bid is None and binding.state.is_live:
            return None
    return found if found is not None and found.first_request is not None else None


def kind(request: Registration) -> ExchangeKind:
    """Name what a refresh asks for; with a flag of RFC 8278 it is about other bindings as well."""
    multipath = request.multipath
    if multipath is None:
        return ExchangeKind.REFRESH
    if multipath.overwrite:
        return ExchangeKind.OVERWRITE
    return ExchangeKind.BULK if multipath.bulk else ExchangeKind.REFRESH


def requested(
    state: State, session: Session, binding: Binding, request: Registration, moment: Moment
) -> Session:
    """Give the session, stored, with a refresh of its binding under way."""
    transition = Transition(moment, _REQUEST, _ACTIVE, _REFRESHING)
    moved = replace(
        binding,
        state=_REFRESHING,
        shadow=_ACTIVE,
        since=moment,
        ended_at=None,
        history=prolonged(binding.history, transition),
    )
    return state.renew(replace(session, last_sent=request.message), binding, moved, moment)


def renewed(
    session: Session, mag: MagNode, request: Registration, reply: Registration
) -> Binding | None:
    """Give the binding that the answer to a refresh renews, if that is all it does."""
    multipath = request.multipath
    if multipath is not None and (multipath.overwrite or multipath.bulk or reply.bid is None):
        return None
    if (
        not reply.accepted
        or reply.prefixes not in ((), session.prefixes)
        or reply.ipv4_home_address not in (None, session.ipv4_home_address)
    ):
        return None
    for other in session.bindings:
        if other.mag != mag.id and is_left_behind(other):
            return None
    binding = _only_binding(session, mag, request)
    return binding if binding is not None and binding.state is _REFRESHING else None


def accepted(
    state: State,
    session: Session,
    binding: Binding,
    mag: MagNode,
    pending: Pending,
    reply: Registration,
    moment: Moment,
) -> Session:
    """Give the session, stored, with its binding renewed."""
    transition = Transition(moment, _ACCEPTED, _REFRESHING, _ACTIVE)
    moved = replace(
        with_grant(binding, mag, pending, reply, moment),
        state=_ACTIVE,
        since=moment,
        ended_at=None,
        history=prolonged(binding.history, transition),
    )
    session = with_acceptance(session, pending.answered_attempt, reply, moment)
    session = state.renew(session, binding, moved, moment)
    state.watch(session, moved)
    return session
