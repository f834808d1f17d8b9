"""Options that are not there, are there twice, or do not belong there."""

from __future__ import annotations

from collections.abc import Iterator

from pmiptrace.model import OpaqueOption, Option
from pmiptrace.simulation.mutation.change import (
    MAGS_CHOICE,
    NOT_IN_CATALOGUE,
    OTHER_PREFIX,
    UNANSWERED,
    Change,
    Effect,
    Operator,
    broken,
    one_of_each,
    status_of,
    with_options,
)
from pmiptrace.simulation.mutation.place import Place
from pmiptrace.simulation.network import Packet
from pmiptrace.wire.option import option_name
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import (
    AccessTechnologyType,
    HandoffIndicator,
    HomeNetworkPrefix,
    LinkLocalAddress,
    MnLinkLayerIdentifier,
    Timestamp,
)
from pmiptrace.wire.options.rfc5844 import (
    Ipv4DefaultRouterAddress,
    Ipv4HomeAddressReply,
    Ipv4HomeAddressRequest,
)
from pmiptrace.wire.options.rfc5845 import GreKey
from pmiptrace.wire.options.rfc5847 import RestartCounter
from pmiptrace.wire.options.rfc6275 import BindingAuthorizationData, BindingRefreshAdvice
from pmiptrace.wire.options.rfc6602 import MnGroupIdentifier
from pmiptrace.wire.options.rfc7148 import DelegatedMobileNetworkPrefix
from pmiptrace.wire.options.rfc8127 import LmaControlledMagParameters
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding

SELECTIVE = "legal: so a part of the session is de-registered (RFC 5844 section 3.2.3.3)"


def _drop_effect(place: Place, cls: type[Option]) -> Effect:
    """Tell what a message breaks that lacks all options of a class."""
    accepted = place.is_accepted and bool(place.answer)
    follows, answer = place.follows, place.answer[0].packet if place.answer else None
    if place.kind == "PBU":
        return _drop_from_request(place, cls, accepted, follows, answer)
    if place.kind == "PBA":
        return _drop_from_answer(place, cls)
    others: dict[tuple[str, type[Option]], Effect] = {
        ("Heartbeat response", RestartCounter): ("RFC5847-3.2-RC-MISSING",),
        ("Heartbeat announcement", RestartCounter): ("RFC5847-3.2-RC-MISSING",),
        ("BRI", MnIdentifier): ("RFC5846-5.1-P-MNID",),
        ("BRI", HomeNetworkPrefix): "legal: without a prefix all sessions of the node are meant",
        ("UPN", MnIdentifier): ("RFC7077-5-MNID-OR-GROUP",),
        ("UPA", MnIdentifier): ("RFC7077-6.2-MNID-OR-GROUP",),
    }
    return others.get((place.kind, cls), NOT_IN_CATALOGUE)


def _drop_from_request(
    place: Place, cls: type[Option], accepted: bool, follows: bool, answer: Packet | None
) -> Effect:
    packet = place.packet
    has_ipv4 = packet.first(Ipv4HomeAddressRequest) is not None
    if cls is MnIdentifier:
        return broken("RFC5213-6.9.1.1-MNID", accepted and "RFC5213-5.3.1-STATUS-160")
    if cls is HandoffIndicator:
        return broken("RFC5213-6.9.1.1-HI", accepted and "RFC5213-5.3.1-STATUS-161")
    if cls is AccessTechnologyType:
        return broken("RFC5213-6.9.1.1-ATT", accepted and "RFC5213-5.3.1-STATUS-162")
    if cls is HomeNetworkPrefix:
        if has_ipv4:  # RFC 5844 section 3.1.2.1 lets it go without
            return broken(
                follows and not place.is_deregistration and "RFC5213-6.9.1.3-HNP-ALL",
                accepted and "RFC5844-3.1.2.6-NO-HNP",
                otherwise=SELECTIVE,
            )
        return broken("RFC5213-6.9.1.1-HNP", accepted and "RFC5213-5.3.1-STATUS-158")
    if cls is Timestamp:
        return broken(
            bool(place.earlier) and "RFC5213-6.9.1.1-TS-OR-SEQ",
            answer is not None and "RFC5213-5.3.6-TS",
            otherwise=UNANSWERED,
        )
    if cls is MnLinkLayerIdentifier:
        return broken(
            follows and "RFC5213-6.9.1.3-SAME-OPTS",
            answer is not None and "RFC5213-5.3.6-LLID",
            otherwise=UNANSWERED,
        )
    if cls is LinkLocalAddress:
        return broken(
            follows and "RFC5213-6.9.1.3-SAME-OPTS",
            bool(place.earlier) and "RFC5213-6.9.1.1-LLA-FIXED",
            answer is not None and "RFC5213-5.3.6-LLA",
            otherwise=UNANSWERED,
        )
    if cls is Ipv4HomeAddressRequest:
        is_bare = not packet.every(HomeNetworkPrefix)
        if place.is_deregistration and not is_bare:
            return SELECTIVE
        return broken(
            follows and "RFC5844-3.2.3.3-REREG-ADDR",
            is_bare and "RFC5213-6.9.1.1-HNP",
            otherwise="legal: the mobile node needs no IPv4 address; " + NOT_IN_CATALOGUE,
        )
    if cls is GreKey:
        negotiated = any(
            p.kind == "PBA" and p.packet.first(GreKey) and p.care_of_address == packet.source
            for p in place.earlier
        )
        return broken(
            place.renews and negotiated and "RFC5845-3.3.2-REREG-KEY", otherwise=MAGS_CHOICE
        )
    if cls is MagMultipathBinding:
        shows = answer is not None and answer.first(MagMultipathBinding) is not None
        is_refused = answer is not None and status_of(answer) == 180
        return broken(
            place.has_multipath_session and "RFC8278-4.4-MMB-EACH-PBU",
            is_refused and "RFC8278-4.3-180-UNSOLICITED",
            shows and not is_refused and "RFC8278-4.4-PBA-MMB-UNSOLICITED",
            otherwise=MAGS_CHOICE,
        )
    if cls is MagIdentifier:
        return ("RFC8278-4.4-MAGID-REQUIRED",)
    return NOT_IN_CATALOGUE


def _drop_from_answer(place: Place, cls: type[Option]) -> Effect:
    rejects = not place.is_accepted
    if cls is HomeNetworkPrefix:
        return ("RFC5213-5.3.6-HNP-PRESENT",)
    if cls is Ipv4DefaultRouterAddress:
        return ("RFC5844-3.1.2.6-DEFROUTER",)
    if cls is GreKey:
        before = any(p.kind == "PBA" and p.packet.first(GreKey) for p in place.earlier)
        return broken(
            place.renews and before and "RFC5845-5.2-KEY-REPLY",
            otherwise="legal: the LMA does without GRE, as one without RFC 5845 would",
        )
    if cls is MagMultipathBinding:
        if rejects:
            is_refused = status_of(place.packet) == 180
            return broken(
                is_refused and "RFC8278-4.4-180-ECHO-MMB",
                otherwise="legal: only a rejection with 180 must echo the option",
            )
        registers, following = not place.is_deregistration, place.next_request
        wants_more = following is not None and following.first(MagMultipathBinding) is not None
        return broken(
            registers and (place.follows or place.other_paths) and "RFC8278-4.4-PBA-MMB-REQUIRED",
            registers and wants_more and "RFC8278-4.4-LEGACY-DISABLE",
            otherwise="legal: so answers an LMA that does not support multipath",
        )
    plain: dict[type[Option], str] = {
        MnIdentifier: "RFC5213-5.3.6-MNID",
        HandoffIndicator: "RFC5213-5.3.6-HI",
        AccessTechnologyType: "RFC5213-5.3.6-ATT",
        Timestamp: "RFC5213-5.3.6-TS",
        MnLinkLayerIdentifier: "RFC5213-5.3.6-LLID",
        LinkLocalAddress: "RFC5213-5.3.6-LLA",
        Ipv4HomeAddressReply: "RFC5844-3.1.2.6-REPLY",
    }
    return (plain[cls],) if cls in plain else NOT_IN_CATALOGUE


def dropped_options(place: Place) -> Iterator[Change]:
    """Leave out all options of one class."""
    for option in one_of_each(place):
        rest = [each for each in place.packet.options if type(each) is not type(option)]
        effect = _drop_effect(place, type(option))
        yield with_options(place, f"without {option_name(option)}", effect, rest)


SINGLE = (
    MnIdentifier,
    HandoffIndicator,
    AccessTechnologyType,
    Timestamp,
    MnLinkLayerIdentifier,
    LinkLocalAddress,
)
"""RFC 5213 sections 8.1 and 8.2."""


def _duplicate_effect(place: Place, option: Option) -> Effect:
    registers = place.kind in ("PBU", "PBA")
    if isinstance(option, HomeNetworkPrefix):
        if place.kind == "PBU" and option.prefix.is_all_zero:
            return ("RFC5213-6.9.1.1-HNP-ZERO-ONCE",)
        return "the same prefix twice says nothing else than once; " + NOT_IN_CATALOGUE
    if isinstance(option, MagMultipathBinding):
        return ("RFC8278-4.1-MMB-DUP",)
    if isinstance(option, MagIdentifier):
        return ("RFC8278-4.2-MAGID-DUP",)
    if isinstance(option, Ipv4HomeAddressRequest):
        accepted = place.is_accepted and bool(place.answer)
        return broken("RFC5844-3.2.3.1-ONE", accepted and "RFC5844-3.1.2.1-MULTI-173")
    if registers and isinstance(option, SINGLE):
        return ("RFC5213-8.1-OPT-ONCE",)
    return NOT_IN_CATALOGUE


def duplicated_options(place: Place) -> Iterator[Change]:
    """Repeat one option."""
    for option in one_of_each(place):
        effect = _duplicate_effect(place, option)
        operator = f"{option_name(option)} twice"
        yield with_options(place, operator, effect, (*place.packet.options, option))


def foreign_options(place: Place) -> Iterator[Change]:
    """Add an option that does not belong there."""
    packet, kind = place.packet, place.kind
    multipath = MagMultipathBinding(if_att=4, if_label=1, bid=1)

    def added(option: Option, effect: Effect) -> Change:
        return with_options(
            place, f"{option_name(option)} added", effect, (*packet.options, option)
        )

    registers = kind in ("PBU", "PBA")
    if not registers:
        yield added(multipath, ("RFC8278-4.1-CTX",))
    elif kind == "PBU" and packet.first(MagMultipathBinding) is None:
        yield added(multipath, ("RFC8278-4.4-MAGID-REQUIRED",))
    elif kind == "PBA" and packet.first(MagMultipathBinding) is None and place.request:
        asked = place.asks.first(MagMultipathBinding) is not None
        effect: Effect = ("RFC8278-4.4-PBA-MMB-UNSOLICITED",)
        if asked:
            effect = "legal: as an LMA with multipath answers"
        yield added(multipath, effect)
    if kind == "PBA":
        yield added(MagIdentifier(subtype=1, identifier=b"mag"), ("RFC8278-4.4-PBA-NO-MAGID",))
        yield added(Ipv4HomeAddressRequest(), ("RFC5844-3.3-CTX",))
    if kind == "PBU":
        yield added(Ipv4HomeAddressReply(), ("RFC5844-3.3-CTX",))
        if place.is_deregistration:
            yield added(GreKey(key=7), ("RFC5845-4.2-DEREG-NOKEY",))
        if packet.first(HomeNetworkPrefix) is not None and place.names_prefix:
            rest = (HomeNetworkPrefix(prefix_length=0),)
            yield with_options(
                place,
                "an ALL_ZERO Home Network Prefix added to others",
                ("RFC5213-6.9.1.1-HNP-ZERO-ONCE",),
                (*packet.options, *rest),
            )
    if registers and packet.first(Timestamp) is None:
        other = place.answer if kind == "PBU" else place.request
        yield added(
            Timestamp.at(place.sighting.time),
            broken(
                kind == "PBU" and bool(place.earlier) and "RFC5213-6.9.1.1-TS-OR-SEQ",
                bool(other) and "RFC5213-5.3.6-TS",
                otherwise=UNANSWERED,
            ),
        )
    if registers and packet.first(MnLinkLayerIdentifier) is None:
        other = place.answer if kind == "PBU" else place.request
        yield added(
            MnLinkLayerIdentifier(identifier=b"\2\0\0\0\0\7"),
            broken(bool(other) and "RFC5213-5.3.6-LLID", otherwise=UNANSWERED),
        )
    if registers:
        yield with_options(
            place,
            "Binding Authorization Data before the rest",
            broken(
                "RFC6275-6.2.7-AUTH-LAST",
                packet.first(MnIdentifier) is not None and "RFC4283-3.2-MNID-BEFORE-AUTH",
            ),
            (BindingAuthorizationData(authenticator=bytes(12)), *packet.options),
        )
    if kind == "PBU":
        yield added(MnGroupIdentifier(group_identifier=0), ("RFC6602-4.3-ID",))
        yield added(LmaControlledMagParameters(), ("RFC8127-3-PBA-ONLY",))
    if kind == "PBA" and place.is_accepted:
        yield added(BindingRefreshAdvice(refresh_interval=0xFFFF), ("RFC6275-6.2.4-BRA",))
        delegated = DelegatedMobileNetworkPrefix(prefix_length=56, delegated_prefix=OTHER_PREFIX)
        yield added(delegated, ("RFC7148-5.2.2-UNSOLICITED",))
    if kind == "Heartbeat request":
        yield added(RestartCounter(restart_counter=1), ("RFC5847-3.4-RC-IN-REQUEST",))
    yield added(
        OpaqueOption(type=250, data=b"\1\2\3\4"),
        "legal: an unknown option is skipped (RFC 6275 section 6.2.1)",
    )


OPERATORS: tuple[Operator, ...] = (
    dropped_options,
    duplicated_options,
    foreign_options,
)
