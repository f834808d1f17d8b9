"""What options say: names, prefixes, addresses, times, paths and keys."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pmiptrace.address import ALL_ZERO
from pmiptrace.simulation.mutation.change import (
    LMAS_CHOICE,
    MAGS_CHOICE,
    OTHER_ADDRESS,
    OTHER_IPV4,
    OTHER_PREFIX,
    UNANSWERED,
    UNASSIGNED,
    Change,
    Operator,
    broken,
    if_answered,
    status_of,
    with_option,
)
from pmiptrace.simulation.mutation.place import Place
from pmiptrace.wire.options.rfc4283 import MnIdentifier
from pmiptrace.wire.options.rfc5213 import (
    AccessTechnologyType,
    HomeNetworkPrefix,
    LinkLocalAddress,
    MnLinkLayerIdentifier,
    Timestamp,
)
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressReply, Ipv4HomeAddressRequest
from pmiptrace.wire.options.rfc5845 import GreKey
from pmiptrace.wire.options.rfc8278 import MagIdentifier, MagMultipathBinding


def identities(place: Place) -> Iterator[Change]:
    """Change who, by what access and from which link: all that a PBA echoes."""
    packet, kind = place.packet, place.kind
    echoed = broken(
        (bool(place.answer) or kind == "PBA") and "RFC5213-5.3.6-ECHO", otherwise=UNANSWERED
    )
    node = packet.first(MnIdentifier)
    if node is not None:
        effect = echoed
        if kind == "BRI":
            effect = LMAS_CHOICE
        elif kind == "UPN":
            effect = if_answered(place, "RFC7077-6.2-MNID-OR-GROUP", otherwise=LMAS_CHOICE)
        elif kind == "UPA":
            effect = ("RFC7077-6.2-MNID-OR-GROUP",)
        other = bytes((node.identifier[0] ^ 1,)) + node.identifier[1:]
        yield with_option(place, node, "another node", effect, identifier=other)
        if kind == "BRI":
            yield with_option(place, node, "subtype 2", ("RFC5846-5.1-MNID-SUBTYPE",), subtype=2)
    access = packet.first(AccessTechnologyType)
    if access is not None:
        other_access = 5 if access.access_technology != 5 else 4
        yield with_option(place, access, "another ATT", echoed, access_technology=other_access)
        ranged = ("RFC5213-8.5-ATT-RANGE",) if kind == "PBU" else ()
        for value in (0, UNASSIGNED):
            rules = (*ranged, *(echoed if isinstance(echoed, tuple) else ()))
            yield with_option(
                place, access, f"ATT={value}", rules or UNANSWERED, access_technology=value
            )
    link = packet.first(MnLinkLayerIdentifier)
    if link is not None:
        other = bytes((link.identifier[0] ^ 4,)) + link.identifier[1:]
        yield with_option(place, link, "another identifier", echoed, identifier=other)
        if kind == "PBU":
            zero = bytes(len(link.identifier))
            rules = ("RFC5213-6.9.1.1-LLID-ZERO", *(echoed if isinstance(echoed, tuple) else ()))
            yield with_option(place, link, "all zero", rules, identifier=zero)


def link_local_addresses(place: Place) -> Iterator[Change]:
    """Change the Link-local Address option."""
    option = place.packet.first(LinkLocalAddress)
    if option is None:
        return
    asked = place.asks.first(LinkLocalAddress)
    answered = bool(place.answer) or place.kind == "PBA"
    is_named = asked is not None and any(asked.address)
    yield with_option(
        place,
        option,
        "a global address",
        broken("RFC5213-8.7-LLA", answered and is_named and "RFC5213-5.3.6-LLA"),
        address=OTHER_ADDRESS,
    )
    if place.kind == "PBA" and place.is_accepted:
        yield with_option(place, option, "::", ("RFC5213-5.3.6-LLA",), address=ALL_ZERO)
        other = b"\xfe\x80" + bytes(13) + b"\x99"
        stored = place.renews and not is_named
        yield with_option(
            place,
            option,
            "another link-local address",
            broken(
                is_named and "RFC5213-5.3.6-LLA",
                stored and "RFC5213-5.3.6-LLA-STORED",
                otherwise=LMAS_CHOICE,
            ),
            address=other,
        )


def prefixes(place: Place) -> Iterator[Change]:
    """Change a Home Network Prefix."""
    option = place.packet.first(HomeNetworkPrefix)
    if option is None or place.kind not in ("PBU", "PBA"):
        return
    changed = partial(with_option, place, option)
    accepted = place.is_accepted and bool(place.answer or place.request)
    rejected = not place.is_accepted and bool(place.answer or place.request)
    follows = place.follows
    if place.kind == "PBU":
        other = broken(
            follows and "RFC5213-6.9.1.3-HNP-ALL",
            accepted and not place.is_deregistration and "RFC5213-5.3.6-HNP-ACCEPT",
            rejected and "RFC5213-5.3.6-HNP-REJECT",
            otherwise=MAGS_CHOICE,
        )
        if not option.prefix.is_all_zero and not place.is_deregistration:
            others = place.other_paths and place.bid is not None and not place.renews
            yield changed(
                "ALL_ZERO",
                broken(
                    follows and place.renews and "RFC5213-6.9.1.3-HNP-ALL",
                    others and "RFC8278-3.1-HNP-2ND-PATH",
                    rejected and "RFC5213-5.3.6-HNP-REJECT",
                    otherwise=MAGS_CHOICE,
                ),
                home_network_prefix=ALL_ZERO,
                prefix_length=0,
            )
    else:
        other = broken(
            accepted and place.names_prefix and "RFC5213-5.3.6-HNP-ACCEPT",
            accepted and place.names_prefix and place.other_paths and "RFC8278-3.1-PBA-HNP-SAME",
            rejected and "RFC5213-5.3.6-HNP-REJECT",
            otherwise=LMAS_CHOICE,
        )
        if accepted and not place.is_deregistration:
            yield changed(
                "ALL_ZERO",
                ("RFC5213-5.3.6-HNP-ACCEPT",),
                home_network_prefix=ALL_ZERO,
                prefix_length=0,
            )
    yield changed("another prefix", other, home_network_prefix=OTHER_PREFIX, prefix_length=64)
    if not option.prefix.is_all_zero:
        tail = option.home_network_prefix[:15] + b"\1"
        yield changed(
            "bits behind its length", ("RFC5213-8.3-PREFIXLEN",), home_network_prefix=tail
        )
        yield changed("length 129", ("RFC5213-8.3-PREFIXLEN",), prefix_length=129)


def _last_accepted(place: Place) -> int | None:
    """Give the last timestamp that the LMA accepted for a session that it still holds."""
    stamps = [
        other.packet.first(Timestamp)
        for other in place.earlier
        if other.kind == "PBU"
        and other.is_accepted
        and other.packet.destination == place.packet.destination
    ]
    known = [stamp.timestamp for stamp in stamps if stamp is not None]
    return max(known, default=None) if place.held else None


def timestamps(place: Place) -> Iterator[Change]:
    """Change a Timestamp."""
    option = place.packet.first(Timestamp)
    if option is None:
        return
    accepted = place.is_accepted and bool(place.answer or place.request)
    if place.kind == "PBA":
        if accepted:
            value = option.timestamp + 1
            yield with_option(
                place, option, "another time", ("RFC5213-5.5-TS-VALUE",), timestamp=value
            )
        asked = place.asks.first(Timestamp)
        if status_of(place.packet) in (156, 157) and asked is not None:
            changed = partial(with_option, place, option)
            stale = asked.timestamp
            yield changed("that of the PBU", ("RFC5213-5.5-TS-CURRENT",), timestamp=stale)
            hour = option.timestamp - 3600 * 65536
            yield changed("an hour ago", "not visible: the LMA's clock is its own", timestamp=hour)
        return
    copied = accepted and "RFC5213-5.5-TS-VALUE"
    last = _last_accepted(place)
    yield with_option(
        place,
        option,
        "some milliseconds later",
        broken(copied, otherwise=MAGS_CHOICE),
        timestamp=option.timestamp + 100,
    )
    for hours in (-1, 1):
        yield with_option(
            place,
            option,
            f"{hours:+d} h",
            broken(
                accepted and hours < 0 and last is not None and "RFC5213-5.5-TS-ORDER",
                "RFC5213-5.5-TS-WINDOW",
                copied,
            ),
            timestamp=option.timestamp + hours * 3600 * 65536,
        )
    if last is not None:
        yield with_option(
            place,
            option,
            "that of the request accepted before",
            broken(accepted and "RFC5213-5.5-TS-EQUAL", copied, otherwise=UNANSWERED),
            timestamp=last,
        )


def multipath_bindings(place: Place) -> Iterator[Change]:
    """Change the MAG Multipath Binding option."""
    option = place.packet.first(MagMultipathBinding)
    if option is None:
        return
    reply = place.answer[0].packet if place.answer else place.packet
    both = place.asks.first(MagMultipathBinding) and reply.first(MagMultipathBinding)
    status = status_of(reply)
    differs = None
    if both and status is not None:
        differs = "RFC8278-4.4-PBA-MMB-MISMATCH" if status < 128 else None
        differs = "RFC8278-4.4-180-ECHO-MMB" if status == 180 else differs
    changed = partial(with_option, place, option)
    is_request, ends = place.kind == "PBU", place.is_deregistration
    shown = place.renews or (ends and place.follows)
    bulk, overwrite = option.bulk, option.overwrite
    new_bulk = is_request and not bulk and not ends
    yield changed(
        f"B={not bulk:d}",
        broken(
            not bulk and overwrite and "RFC8278-4.1-BO-EXCLUSIVE",
            is_request and ends and not bulk and "RFC8278-4.1-B-DEREG",
            new_bulk
            and not place.other_paths
            and place.is_alone
            and not overwrite
            and "RFC8278-4.1-B-UNKNOWN",
            differs,
            otherwise=MAGS_CHOICE,
        ),
        bulk=not bulk,
    )
    new_overwrite = is_request and not overwrite and not ends and not bulk
    yield changed(
        f"O={not overwrite:d}",
        broken(
            not overwrite and bulk and "RFC8278-4.1-BO-EXCLUSIVE",
            is_request and ends and not overwrite and "RFC8278-4.1-O-DEREG",
            new_overwrite and not place.other_paths and place.is_alone and "RFC8278-4.1-O-NOOP",
            differs,
            otherwise=MAGS_CHOICE,
        ),
        overwrite=not overwrite,
    )
    for bid in (0, 255):
        yield changed(f"BID={bid}", broken("RFC8278-4.1-BID-RANGE", differs), bid=bid)
    yield changed(
        "another BID",
        broken(
            differs,
            is_request and not ends and place.renews and "RFC8278-4.1-COA-REUSE",
            otherwise=MAGS_CHOICE,
        ),
        bid=option.bid + 100,
    )
    if is_request and place.other_paths and not ends:
        taken = next(held.bid for held in place.own if held.bid not in (None, option.bid))
        yield changed("the BID of another path", broken(differs, otherwise=MAGS_CHOICE), bid=taken)
    for value in (0, UNASSIGNED):
        yield changed(f"If-ATT={value}", broken("RFC8278-4.1-IFATT-RANGE", differs), if_att=value)
    stable = is_request and shown and "RFC8278-4.1-LABEL-STABLE"
    yield changed(
        "another If-ATT",
        broken(differs, stable, otherwise=MAGS_CHOICE),
        if_att=3 if option.if_att != 3 else 4,
    )
    yield changed(
        "another If-Label",
        broken(differs, stable, otherwise=MAGS_CHOICE),
        if_label=option.if_label + 100,
    )


def mag_identifiers(place: Place) -> Iterator[Change]:
    """Change the MAG Identifier option."""
    option = place.packet.first(MagIdentifier)
    if option is None:
        return
    changed = partial(with_option, place, option)
    yield changed("empty", ("RFC8278-4.2-MAGID-LENGTH",), identifier=b"")
    yield changed("unassigned subtype", ("RFC8278-4.2-MAGID-SUBTYPE",), subtype=UNASSIGNED)
    yield changed(
        "an IPv6 address of 5 octets",
        ("RFC8278-4.2-MAGID-SUBTYPE",),
        subtype=2,
        identifier=option.identifier[:5],
    )
    yield changed(
        "another MAG",
        broken(place.has_multipath_session and "RFC8278-4.2-MAGID-STABLE", otherwise=MAGS_CHOICE),
        identifier=b"x" + option.identifier,
    )


def ipv4_and_gre(place: Place) -> Iterator[Change]:
    """Change the options of RFC 5844 and RFC 5845."""
    request = place.packet.first(Ipv4HomeAddressRequest)
    accepted = place.is_accepted and bool(place.answer or place.request)
    if request is not None and place.kind == "PBU":
        yield with_option(
            place,
            request,
            "another address",
            broken(
                place.follows and "RFC5844-3.2.3.3-REREG-ADDR",
                accepted and not place.is_deregistration and "RFC5844-3.1.2.6-REPLY-OK",
                bool(place.answer) and not accepted and "RFC5844-3.1.2.6-REPLY-REJECT",
                otherwise=MAGS_CHOICE,
            ),
            home_address=OTHER_IPV4,
            prefix_length=24,
        )
    reply = place.packet.first(Ipv4HomeAddressReply)
    if reply is not None:
        asked = place.asks.first(Ipv4HomeAddressRequest)
        named = asked is not None and any(asked.home_address)
        changed = partial(with_option, place, reply)
        yield changed(
            "another address",
            broken(
                accepted and named and not place.is_deregistration and "RFC5844-3.1.2.6-REPLY-OK",
                not accepted and "RFC5844-3.1.2.6-REPLY-REJECT",
                otherwise=LMAS_CHOICE,
            ),
            home_address=OTHER_IPV4,
        )
        if accepted:
            yield changed("Status 128", ("RFC5844-3.1.2.6-STATUS",), status=128)
            if not place.is_deregistration:
                yield changed("0.0.0.0", ("RFC5844-3.1.2.6-REPLY-OK",), home_address=bytes(4))
    key = place.packet.first(GreKey)
    if key is not None and key.key is not None:
        before = any(p.kind == "PBA" and p.packet.first(GreKey) for p in place.earlier)
        stable = place.kind == "PBA" and place.renews and before
        yield with_option(
            place,
            key,
            "another key",
            broken(
                stable and "RFC5845-3.3.2-UPKEY-STABLE",
                otherwise="legal: the one who receives the traffic chooses its key",
            ),
            key=key.key ^ 1,
        )
        if place.kind == "PBA":
            yield with_option(place, key, "without a key", ("RFC5845-5.2-KEY-REPLY",), key=None)


OPERATORS: tuple[Operator, ...] = (
    identities,
    link_local_addresses,
    prefixes,
    timestamps,
    multipath_bindings,
    mag_identifiers,
    ipv4_and_gre,
)
