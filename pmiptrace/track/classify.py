"""What a PBU asks for, seen against the session it meets."""

from __future__ import annotations

from collections.abc import Sequence

from pmiptrace.model import Binding, BindingState, Defect, ExchangeKind, Message, Session
from pmiptrace.track.registration import Registration
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff


def classify(
    request: Registration, session: Session, binding: Binding | None, bindings: Sequence[Binding]
) -> ExchangeKind:
    """Name what a PBU asks for.

    `binding` is the one it is about, if there is one; `bindings` are all those of its MAG.
    """
    if request.lifetime == 0:
        selective = is_selective(request, session)
        return ExchangeKind.DEREG_SELECTIVE if selective else ExchangeKind.DEREG
    own = [b for b in bindings if b is not binding and is_there(b)]
    is_live = binding is not None and binding.state.is_live
    is_sharing = request.handoff_indicator == Handoff.NEW_INTERFACE_SHARING_PREFIXES
    is_unseen = session.partial and binding is None
    is_renewed = is_unseen and request.handoff_indicator == Handoff.NOT_CHANGED
    multipath = request.multipath
    if multipath is not None and (
        own or is_live or is_renewed or (is_sharing and _foreign(session, bindings))
    ):
        if multipath.overwrite:
            return ExchangeKind.OVERWRITE
        if multipath.bulk:
            return ExchangeKind.BULK
    if binding is not None and is_live:
        same = binding.care_of_address == request.care_of_address
        return ExchangeKind.REFRESH if same else ExchangeKind.COA_CHANGE
    if is_renewed:
        return ExchangeKind.REFRESH
    if own and multipath is None:
        same = any(b.care_of_address == request.care_of_address for b in own)
        return ExchangeKind.REFRESH if same else ExchangeKind.COA_CHANGE
    if own:
        return ExchangeKind.ADD_PATH
    if _foreign(session, bindings):
        return ExchangeKind.ADD_PATH if is_sharing else ExchangeKind.HANDOVER
    if is_unseen and request.handoff_indicator in (
        Handoff.BETWEEN_INTERFACES,
        Handoff.BETWEEN_MAGS,
    ):
        return ExchangeKind.HANDOVER
    return ExchangeKind.INITIAL


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


def is_selective(request: Registration, session: Session) -> bool:
    """Tell whether a de-registration is about the prefixes or the IPv4 address alone.

    That can be only while the session has both (RFC 5844 section 3.2.3.3).
    """
    has_prefix = bool(request.prefixes) or request.all_zero
    has_both = bool(session.prefixes) and session.ipv4_home_address is not None
    return has_both and request.has_ipv4 != has_prefix


def is_one_of(binding: Binding, bindings: Sequence[Binding]) -> bool:
    """Tell whether a binding is one of several, by identity: comparing values takes long."""
    return any(binding is other for other in bindings)


def is_there(binding: Binding) -> bool:
    """Tell whether a binding is live or on its way to be."""
    return binding.state.is_live or binding.state is BindingState.PENDING


def is_left_behind(binding: Binding) -> bool:
    """Tell whether a binding at another MAG makes a registration a handover.

    That is so as long as the LMA has the entry, also in the delay before it deletes it
    (RFC 5213 section 5.3.5).
    """
    return binding.state.is_live or binding.state is BindingState.DEREG_WAIT


def is_cut(message: Message) -> bool:
    """Tell whether the end of a message is missing, so that an absent option proves nothing."""
    return any(_is_loss(defect) for defect in message.defects)


def _is_loss(defect: Defect) -> bool:
    return defect.kind in ("truncated", "header-overrun", "header-short", "option-overrun")
