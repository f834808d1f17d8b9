"""Which binding of a session a PBU is about, and which others are of the same MAG."""

from __future__ import annotations

from pmiptrace.model import Binding, ExchangeKind, MagNode, Session, SessionMode
from pmiptrace.track.classify import classify, is_cut, is_there
from pmiptrace.track.registration import Registration
from pmiptrace.track.sessions import BindingKey, binding_key, find_binding
from pmiptrace.track.state import State
from pmiptrace.wire.codes import HandoffIndicatorValue as Handoff


class Targets:
    """Answers that question, for what is known of the MAGs at the time."""

    def __init__(self, state: State) -> None:
        self._state = state

    def kind(
        self, session: Session, mag: MagNode, request: Registration, binding: Binding | None
    ) -> ExchangeKind:
        """Name what a PBU asks for; `binding` is the one it is about, if there is one."""
        return classify(request, session, binding, self.of_mag(session, mag, request))

    def of_mag(self, session: Session, mag: MagNode, request: Registration) -> list[Binding]:
        """Give the bindings of the MAG that sent a PBU.

        Without its MAG Identifier, which RFC 8278 section 4.4 wants in each PBU for multipath, a
        MAG is known by one care-of address only. The bindings of a mobile node that were all
        registered so are taken for paths of one MAG, unless the PBU says that it is a handover.
        """
        own = [b for b in session.bindings if b.mag == mag.id]
        if (
            mag.identifier is None
            and request.multipath is not None
            and request.handoff_indicator != Handoff.BETWEEN_MAGS
            and len(own) < len(session.bindings)
        ):
            own = [b for b in session.bindings if b.mag == mag.id or self._is_nameless_path(b)]
        return own

    def key(self, session: Session, mag: MagNode, request: Registration) -> BindingKey:
        """Give the key of the binding that a PBU is about.

        An LMA without RFC 8278 skips the option and keeps one binding (section 4.4). A MAG that
        registers another care-of address without the option moves its one binding there; one that
        asks for multipath where it has a plain binding makes that its first path.
        """
        address = request.care_of_address
        if request.bid is not None and session.mode is not SessionMode.MP_UNSUPPORTED:
            exact = (mag.id, request.bid, None)
            if find_binding(session, exact) is not None:
                return exact
            for binding in self.of_mag(session, mag, request):
                is_plain = (
                    binding.bid is None
                    and binding.care_of_address == address
                    and binding.state.is_live
                )
                if binding.bid == request.bid or is_plain:
                    return binding_key(binding)
            return exact
        if request.multipath is None:
            may_have_bid = is_cut(request.message)
            for binding in session.bindings:
                if binding.mag == mag.id and binding.state.is_live:
                    is_at_address = may_have_bid and binding.care_of_address == address
                    if binding.bid is None or is_at_address:
                        return binding_key(binding)
        return mag.id, None, address

    def binding(self, session: Session, mag: MagNode, request: Registration) -> Binding | None:
        """Give the binding that a PBU is about, if it is there."""
        return find_binding(session, self.key(session, mag, request))

    def deregistered(self, session: Session, mag: MagNode, request: Registration) -> list[Binding]:
        """Give the bindings that a PBU with lifetime 0 is about.

        One with a BID is about that binding; with the B flag about all of that MAG's (RFC 8278
        leaves that open); one without the option is about the whole session of that MAG, unless
        the option may be what the capture cut off.
        """
        is_legacy = session.mode is SessionMode.MP_UNSUPPORTED
        is_whole = request.multipath is None and not is_cut(request.message)
        is_bulk = request.multipath is not None and request.multipath.bulk
        if not (is_whole or is_legacy or is_bulk):
            binding = self.binding(session, mag, request)
            return [] if binding is None else [binding]
        own = self.of_mag(session, mag, request)
        there = [b for b in own if is_there(b)]
        if is_bulk and not is_legacy:
            return there
        return there or own

    def _is_nameless_path(self, binding: Binding) -> bool:
        """Tell whether a binding was registered for multipath without a MAG Identifier."""
        mag = self._state.mag(binding.mag)
        return binding.interface_att is not None and mag is not None and mag.identifier is None
