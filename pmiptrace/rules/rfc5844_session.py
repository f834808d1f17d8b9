"""Rules of RFC 5844 section 3.2.3 on the Proxy Binding Update, held against the messages before."""

from __future__ import annotations

from collections.abc import Callable

from pmiptrace.address import address_text
from pmiptrace.model import ExchangeKind, Rejection, Session, Step
from pmiptrace.rules.history import (
    accepted_at,
    asked_again,
    first_request,
    is_first_attempt,
    is_on_its_way,
    knows_its_binding,
    proven,
    rejection_before,
    request_of,
)
from pmiptrace.rules.look import complete, message_of, moment_of
from pmiptrace.rules.rule import PASS, RuleOptions, Verdict, rule
from pmiptrace.rules.situation import (
    FIRST_ATTEMPT,
    IPV4_GRANTED,
    KNOWS_BINDING,
    LIVE_BINDING,
    REJECTIONS,
    RENEWAL,
)
from pmiptrace.track.registration import Registration
from pmiptrace.wire.codes import BindingStatus
from pmiptrace.wire.options.rfc5213 import HomeNetworkPrefix
from pmiptrace.wire.options.rfc5844 import Ipv4HomeAddressRequest

HNP = 22
IPV4_REQUEST = 36

_OF_THE_SESSION = (
    ExchangeKind.REFRESH,
    ExchangeKind.BULK,
    ExchangeKind.OVERWRITE,
    ExchangeKind.DEREG,
    ExchangeKind.DEREG_SELECTIVE,
)


# ------------------------------------------------------- 3.2.3.2 Receiving the acknowledgement


@rule(
    "RFC5844-3.2.3.2-170",
    on="PBU",
    options=IPV4_REQUEST,
    configured="grace",
    when=FIRST_ATTEMPT | REJECTIONS,
)
def refused_ipv4_is_not_asked_for_again(step: Step, options: RuleOptions) -> Verdict | None:
    """After status 170 the MAG does not ask for an IPv4 home address again.

    Why it matters: the mobile node may not use IPv4. Asking again keeps it without any service,
    where a PBU for IPv6 alone would be accepted.

    The RFC: section 3.2.3.2: after NOT_AUTHORIZED_FOR_IPV4_MOBILITY_SERVICE the MAG "SHOULD NOT
    send a Proxy Binding Update message including a IPv4 Home Address Request option until an
    administrative action is taken."

    Example: status 170, and 5 s later the same PBU with option 36.

    How to mend: register the mobile node again without option 36, if it may use IPv6.
    """
    told = _told(step, BindingStatus.NOT_AUTHORIZED_FOR_IPV4_MOBILITY_SERVICE)
    if told is None:
        return None
    return asked_again(step, told, "an IPv4 address is asked for; status 170 came", options)


@rule(
    "RFC5844-3.2.3.2-171",
    on="PBU",
    options=IPV4_REQUEST,
    configured="grace",
    when=FIRST_ATTEMPT | REJECTIONS,
)
def refused_address_is_not_asked_for_again(step: Step, options: RuleOptions) -> Verdict | None:
    """After status 171 the MAG does not ask for the same IPv4 address again.

    Why it matters: the mobile node may not use that address; with 0.0.0.0 the LMA would assign
    another.

    The RFC: section 3.2.3.2: after NOT_AUTHORIZED_FOR_IPV4_HOME_ADDRESS the MAG "SHOULD NOT
    request the same IPv4 address again, but MAY request the local mobility anchor to perform the
    address assignment".

    Example: 10.1.2.3 is refused with 171 and asked for again 5 s later.

    How to mend: ask with 0.0.0.0.
    """
    request = request_of(step)
    wanted = None if request is None else request.ipv4_home_address
    if wanted is None:
        return None
    told = _told(
        step,
        BindingStatus.NOT_AUTHORIZED_FOR_IPV4_HOME_ADDRESS,
        lambda asked: (
            asked.ipv4_home_address is not None
            and asked.ipv4_home_address.address == wanted.address
        ),
    )
    if told is None:
        return None
    text = f"{address_text(wanted.address)} is asked for, which status 171 refused"
    return asked_again(step, told, text, options)


@rule(
    "RFC5844-3.2.3.2-172",
    on="PBU",
    options=HNP,
    configured="grace",
    when=FIRST_ATTEMPT | REJECTIONS,
)
def refused_ipv6_is_not_asked_for_again(step: Step, options: RuleOptions) -> Verdict | None:
    """After status 172 the MAG does not ask for home network prefixes again.

    Why it matters: the mobile node may not use IPv6. Asking again keeps it without any service,
    where a PBU for IPv4 alone would be accepted.

    The RFC: section 3.2.3.2: after NOT_AUTHORIZED_FOR_IPV6_MOBILITY_SERVICE the MAG "SHOULD NOT
    send a Proxy Binding Update message including any Home Network Prefix option(s) until an
    administrative action is taken."

    Example: status 172, and 5 s later the same PBU with option 22.

    How to mend: register the mobile node again with option 36 and without option 22.
    """
    told = _told(step, BindingStatus.NOT_AUTHORIZED_FOR_IPV6_MOBILITY_SERVICE)
    if told is None:
        return None
    return asked_again(step, told, "a prefix is asked for; status 172 came", options)


def _told(
    step: Step,
    status: BindingStatus,
    fits: Callable[[Registration], bool] = lambda asked: True,
) -> Rejection | None:
    """Give the rejection with that status which a PBU that registers comes after."""
    if not step.past.rejections:
        return None
    request = request_of(step)
    if request is None or request.lifetime == 0:
        return None
    return rejection_before(step, lambda asked, given: given.status == status and fits(asked))


# --------------------------------------------------- 3.2.3.3 Re-registration, de-registration


@rule(
    "RFC5844-3.2.3.3-REREG-ADDR",
    on="PBU",
    configured="grace",
    when=FIRST_ATTEMPT | RENEWAL | LIVE_BINDING | KNOWS_BINDING | IPV4_GRANTED,
)
def assigned_address_named(step: Step, options: RuleOptions) -> Verdict | None:
    """A re- or de-registration names the IPv4 home address of the session.

    Why it matters: a PBU without it says nothing of the IPv4 binding. An LMA may let the address
    go, and give it to another mobile node.

    The RFC: section 3.2.3.3: "If there is an IPv4 home address assigned to the mobility session,
    then there MUST be exactly one instance of the IPv4 Home Address Request option present in the
    Proxy Binding Update message. The IPv4 home address and the prefix length fields in the option
    MUST be set to that specific address and its corresponding subnet-mask length."

    Example: 10.1.2.3 was assigned; the refresh has option 22 alone.

    How to mend: keep the address in the update list, and send it in option 36. Only a
    de-registration of all prefixes that leaves the address in use goes without.
    """
    session = step.before
    if session is None or session.ipv4_since is None or session.ipv4_home_address is None:
        return None
    exchange, binding, message = step.exchange, step.binding_before, message_of(step)
    request = request_of(step)
    if exchange is None or request is None or exchange.kind not in _OF_THE_SESSION:
        return None
    if binding is None or not binding.state.is_live or not is_first_attempt(step):
        return None
    if not complete(message) or not knows_its_binding(request):
        return None
    if _keeps_the_address(session, request) or is_on_its_way(step, session.ipv4_since, options):
        return None
    assigned = session.ipv4_home_address.address
    option = message.first(Ipv4HomeAddressRequest)
    if option is None:
        if message.has(IPV4_REQUEST):
            return None  # too short to be read
        text = f"no IPv4 Home Address Request option (36); the session has {address_text(assigned)}"
        return proven(step, session.ipv4_since, text)
    if option.home_address == assigned:
        return PASS
    return proven(
        step,
        session.ipv4_since,
        f"{address_text(option.home_address)} is named; the session has {address_text(assigned)}",
        option=option,
        field="home_address",
    )


def _keeps_the_address(session: Session, request: Registration) -> bool:
    """Tell whether a PBU de-registers all prefixes and leaves the IPv4 address in use."""
    return (
        request.lifetime == 0
        and bool(session.prefixes)
        and not request.message.has(IPV4_REQUEST)
        and set(request.prefixes) == set(session.prefixes)
    )


@rule(
    "RFC5844-3.2.3.3-HNP-ADDED",
    on="PBU",
    options=HNP,
    when=FIRST_ATTEMPT | RENEWAL | LIVE_BINDING | KNOWS_BINDING,
)
def prefix_not_added_later(step: Step) -> Verdict | None:
    """A session that began without a prefix is renewed without one.

    Why it matters: the LMA keeps no prefix for the session; it may reject the PBU, or make a
    second session of it.

    The RFC: section 3.2.3.3: "The Home Network Prefix option(s) [RFC5213] MUST NOT be present if
    the same option(s) was not present in the initial Proxy Binding Update message."

    Example: a session is registered with option 36 alone; its refresh has options 22 and 36.

    How to mend: de-register the session, and register it with both options.
    """
    exchange, binding, message = step.exchange, step.binding_before, message_of(step)
    request = request_of(step)
    if exchange is None or request is None or exchange.kind not in _OF_THE_SESSION:
        return None
    if binding is None or not binding.state.is_live or not is_first_attempt(step):
        return None
    first, last = first_request(step), binding.last_request
    if first is None or last is None or not complete(first) or not knows_its_binding(request):
        return None
    if first.has(HNP):
        return PASS
    if last.has(HNP):
        return None  # reported before
    return proven(
        step,
        accepted_at(binding),
        "a Home Network Prefix option (22), which the initial PBU of the session lacked",
        evidence=(moment_of(first),),
        option=message.first(HomeNetworkPrefix),
    )
