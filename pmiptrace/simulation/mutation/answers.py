"""Answers: status, lifetime and sequence number of a PBA."""

from __future__ import annotations

from collections.abc import Iterator

from pmiptrace.simulation.mutation.change import (
    LMAS_CHOICE,
    UNASSIGNED,
    Change,
    Effect,
    Operator,
    broken,
    with_body,
)
from pmiptrace.simulation.mutation.place import Place
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate
from pmiptrace.wire.options.rfc5213 import HomeNetworkPrefix, LinkLocalAddress, Timestamp
from pmiptrace.wire.options.rfc5844 import (
    Ipv4DefaultRouterAddress,
    Ipv4HomeAddressReply,
    Ipv4HomeAddressRequest,
)
from pmiptrace.wire.options.rfc5845 import GreKey
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding


def _accepted_to(place: Place, status: int) -> Effect:
    """Tell what an accepting PBA breaks that says another status."""
    request, packet = place.asks, place.packet
    ends, multipath = place.is_deregistration, request.first(MagMultipathBinding) is not None
    router = packet.first(Ipv4DefaultRouterAddress) is not None and "RFC5844-3.1.2.6-DEFROUTER"
    if status < 128:
        addresses = {held.care_of_address for held in place.own}
        return broken(
            ends and "RFC5213-5.3.5-DEREG-STATUS",
            not ends and not place.held and "RFC5213-5.3.2-STATUS0",
            not ends and place.care_of_address in addresses and "RFC5213-5.3.3-STATUS0",
            not ends
            and bool(addresses)
            and not addresses & place.addresses
            and "RFC5213-5.3.4-STATUS0",
            status == 2 and packet.first(GreKey) is not None and "RFC5845-5.2-NOTREQ",
            router,
            otherwise="not visible: what the request was to the LMA is open",
        )
    asked = [option.prefix for option in request.every(HomeNetworkPrefix)]
    given = [option.prefix for option in packet.every(HomeNetworkPrefix)]
    reply = packet.first(Ipv4HomeAddressReply)
    wanted = request.first(Ipv4HomeAddressRequest)
    keeps_ipv4 = reply is None or wanted is None or reply.home_address == wanted.home_address
    stamped, following = request.first(Timestamp) is not None, place.next_request
    local, wanted_local = packet.first(LinkLocalAddress), request.first(LinkLocalAddress)
    return broken(
        sorted(asked) != sorted(given) and "RFC5213-5.3.6-HNP-REJECT",
        not keeps_ipv4 and "RFC5844-3.1.2.6-REPLY-REJECT",
        router,
        local != wanted_local and "RFC5213-5.3.6-LLA",
        status in (128, 129)
        and multipath
        and not ends
        and not place.own
        and "RFC8278-4.3-REJECT-CODE",
        status == 135 and stamped and "RFC5213-5.5-SEQ-IGNORED-TS",
        status == 135 and not stamped and bool(place.held) and "RFC6275-9.5.1-135-LASTSEQ",
        status == 152 and following is not None and "RFC5213-6.9.1.2-152-STOP",
        status == 155
        and place.names_prefix
        and not ends
        and following is not None
        and any(option.prefix in asked for option in following.every(HomeNetworkPrefix))
        and "RFC5213-6.9.1.2-155-SAME",
        status == 157 and stamped and place.follows and "RFC5213-5.5-157-BOGUS",
        status == 158 and wanted is not None and "RFC5844-3.1.2.1-158",
        status == 180 and not multipath and "RFC8278-4.3-180-UNSOLICITED",
        status == 180 and multipath and ends and "RFC8278-4.3-180-DEREG",
        status == 180
        and multipath
        and not ends
        and place.has_multipath_session
        and "RFC8278-4.4-180-CONTRADICT",
        status == 180
        and multipath
        and not ends
        and following is not None
        and following.first(MagMultipathBinding) is not None
        and "RFC8278-4.4-180-DISABLE",
        otherwise="not visible: the LMA's reason to reject is its own",
    )


def answers(place: Place) -> Iterator[Change]:
    """Change status, sequence number and lifetime of a PBA."""
    body = place.packet.body
    if not isinstance(body, BindingAcknowledgement) or not place.request:
        return
    ends = place.is_deregistration
    if body.accepted:
        for status in (1, 2, 128, 129, 135, 152, 155, 156, 157, 158, 180, UNASSIGNED):
            yield with_body(
                place, f"accepted, Status {status}", _accepted_to(place, status), status=status
            )
    else:
        unnamed = place.asks.every(HomeNetworkPrefix) and not place.names_prefix
        yield with_body(
            place,
            "rejected, Status 0",
            broken(
                not ends and "RFC6275-6.1.8-ZERO-GRANT",
                bool(unnamed) and not ends and "RFC5213-5.3.6-HNP-ACCEPT",
                otherwise=LMAS_CHOICE,
            ),
            status=0,
        )
    for step in (1, -40):
        yield with_body(
            place,
            f"Sequence # {step:+d}",
            ("RFC6275-10.3.1-SEQ-COPY",),
            sequence=(body.sequence + step) % 65536,
        )
    asked = place.asks.body
    assert isinstance(asked, BindingUpdate)
    if ends and body.accepted:
        yield with_body(place, "Lifetime not 0", ("RFC6275-10.3.2-DEREG-LIFETIME",), lifetime=30)
    elif body.accepted:
        longer = min(asked.lifetime + 10, 65535)
        yield with_body(place, "Lifetime longer", ("RFC6275-10.3.1-LIFETIME-MAX",), lifetime=longer)
        yield with_body(place, "Lifetime 0", ("RFC6275-6.1.8-ZERO-GRANT",), lifetime=0)
        half = max(body.lifetime // 2, 1)
        yield with_body(place, "Lifetime shorter", LMAS_CHOICE, lifetime=half)


OPERATORS: tuple[Operator, ...] = (answers,)
