"""Rules of RFC 5845 on GRE keys: the option, its answer, and the keys of a session over time."""

from __future__ import annotations

from pmiptrace.model import Binding, ExchangeKind, Message, SessionMode, Step
from pmiptrace.rules.history import (
    OTHER_MAG,
    accepted_at,
    is_first_attempt,
    is_on_its_way,
    knows_its_binding,
    proven,
    request_of,
)
from pmiptrace.rules.look import (
    acknowledgement_of,
    bodies,
    complete,
    find,
    message_of,
    option_reserved,
    pair,
    request_evidence,
)
from pmiptrace.rules.rule import (
    EACH,
    PASS,
    REPLY,
    RuleOptions,
    Verdict,
    fail,
    inconclusive,
    only_if,
    rule,
)
from pmiptrace.rules.situation import (
    FIRST_ATTEMPT,
    FIXED_PART_IN_ORDER,
    KNOWS_BINDING,
    LIVE_BINDING,
    RENEWAL,
    SESSION,
)
from pmiptrace.track.states import Event
from pmiptrace.wire.codes import BindingStatus
from pmiptrace.wire.options.rfc5845 import GreKey

GRE_KEY = 33

NOT_REQUIRED = BindingStatus.GRE_KEY_OPTION_NOT_REQUIRED
NO_TLV_HEADER = BindingStatus.GRE_TUNNELING_BUT_TLV_HEADER_NOT_SUPPORTED

_RENEWALS = (ExchangeKind.REFRESH, ExchangeKind.BULK, ExchangeKind.OVERWRITE)


# ---------------------------------------------------------------------- the option and its answer


@rule("RFC5845-6.1-RESERVED", on=("PBU", "PBA"), options=GRE_KEY, by_content=EACH)
def gre_key_reserved(step: Step) -> Verdict | None:
    """The reserved field of the GRE Key option is zero.

    Why it matters: a sender that leaves the field out puts half of the key there, and the receiver
    reads no key.

    The RFC: section 6.1, Reserved: "They MUST be initialized to zero by the sender".

    Example: ``21 04 00 00 00 07``, a key right behind Length.

    How to mend: write two zero octets, then the key, and count both in Length.
    """
    return option_reserved(step, GreKey)


@rule(
    "RFC5845-5.2-KEY-REPLY",
    on=REPLY,
    options=GRE_KEY,
    given=lambda shape: only_if(
        shape.is_proxy_pair
        and shape.accepts
        and shape.status != NOT_REQUIRED
        and not shape.is_deregistration
        and GRE_KEY in (shape.asked or ())
    ),
)
def key_answers_key(step: Step) -> Verdict | None:
    """A GRE Key option with a key is answered by one with a key, one without by one without.

    Why it matters: without the uplink key the MAG cannot mark its traffic. With keys that it did
    not ask for, one side uses them and the other does not.

    The RFC: section 5.2: for a PBU with the downlink key "the local mobility anchor MUST include
    the GRE Key option with the uplink GRE key included in the GRE Key Identifier field"; for one
    without it the LMA "MUST include the GRE Key option but omit the GRE Key Identifier field".

    Example: a PBU with key 7 is accepted with an option of Length 2.

    How to mend: allocate an uplink key where the PBU carries a downlink key, and only there.
    """
    request, reply = pair(step)
    asked, given = request.first(GreKey), reply.first(GreKey)
    if asked is None or given is None or asked.excess or given.excess:
        return None
    if (asked.key is None) == (given.key is None):
        return PASS
    evidence = request_evidence(step)
    if given.key is None:
        return fail(
            f"downlink key {asked.key} is answered without an uplink key",
            option=given,
            evidence=evidence,
        )
    text = f"uplink key {given.key} answers a GRE Key option without a key"
    parts = {"option": given, "field": "key", "evidence": evidence}
    exchange, session = step.exchange, step.before
    is_initial = exchange is not None and exchange.kind is ExchangeKind.INITIAL
    if is_initial and session is not None and not session.partial:
        return fail(text, **parts)
    return inconclusive(text, "the session may have had keys before", **parts)


@rule(
    "RFC5845-5.2-NOTREQ",
    on="PBA",
    given=lambda shape: only_if(shape.status == NOT_REQUIRED),
)
def no_key_where_not_required(step: Step) -> Verdict | None:
    """A PBA with status 2 has no GRE Key option.

    Why it matters: the status says that GRE is not used, the option that it is.

    The RFC: section 5.2: with GRE_KEY_OPTION_NOT_REQUIRED "the local mobility anchor MUST NOT
    include the GRE Key option in the Proxy Binding Acknowledgement."

    Example: a PBA with status 2 that echoes option 33.

    How to mend: leave option 33 out, or accept with status 0 and an uplink key.
    """
    message = message_of(step)
    if not message.has(GRE_KEY):
        return PASS if complete(message) else None
    return fail("a GRE Key option in a PBA with status 2", option=message.first(GreKey))


@rule(
    "RFC5845-4.2-DEREG-NOKEY",
    on="PBU",
    options=GRE_KEY,
    given=lambda shape: only_if(shape.is_deregistration),
)
def no_key_in_deregistration(step: Step) -> Verdict | None:
    """A de-registration has no GRE Key option.

    Why it matters: there is no traffic left to mark. An LMA may take the option for a request.

    The RFC: section 4.2: the MAG "SHOULD NOT include the GRE Key option in the de-registration
    Proxy Binding Update." It goes before the same set of options of RFC 5213 section 6.9.1.4.

    Example: a PBU with Lifetime 0 that repeats the key of the refreshes before it.

    How to mend: leave option 33 out where Lifetime is 0.
    """
    option = find(step, GreKey)
    return fail("a GRE Key option in a de-registration (Lifetime 0)", option=option)


# ---------------------------------------------------------------------------------- the T flag


@rule(
    "RFC5845-7.2-T",
    on=REPLY,
    given=lambda shape: only_if(shape.is_proxy_pair),
    kept_when=FIXED_PART_IN_ORDER,
)
def tlv_header_only_if_asked_for(step: Step) -> Verdict | None:
    """The T flag of a PBA is set only if that of the PBU was.

    Why it matters: with T set the MAG has to use the TLV header for all traffic, which it may not
    know.

    The RFC: section 7.2: "the local mobility anchor MUST NOT set the TLV-header format (T) flag
    unless it was set in the Proxy Binding Update received from the mobile access gateway."

    Example: an LMA that sets T in every PBA since the MAG before the handover asked for it.

    How to mend: take the flag from the PBU that is answered, and clear it if unsupported.
    """
    both = bodies(step)
    if both is None:
        return None
    update, acknowledgement = both
    if not acknowledgement.tlv_header:
        return PASS
    if update.tlv_header:
        return PASS
    return fail("T=1 answers T=0", field="tlv_header", evidence=request_evidence(step))


@rule(
    "RFC5845-7.3-STATUS3-T",
    on="PBA",
    given=lambda shape: only_if(shape.status == NO_TLV_HEADER),
)
def no_tlv_header_where_unsupported(step: Step) -> Verdict | None:
    """A PBA with status 3 has the T flag cleared.

    Why it matters: status 3 says that the TLV header is not supported, T=1 that it is.

    The RFC: section 7.3: a PBA with the status code GRE_TUNNELING_BUT_TLV_HEADER_NOT_SUPPORTED
    "has the (T) flag cleared."

    Example: status 3 with the T flag of the PBU copied.

    How to mend: clear T where the status is 3.
    """
    if not acknowledgement_of(message_of(step)).tlv_header:
        return PASS
    return fail("T=1 in a PBA with status 3", field="tlv_header")


# ------------------------------------------------------------------ keys of a session over time


@rule(
    "RFC5845-3.3.2-UPKEY-STABLE",
    on=REPLY,
    options=GRE_KEY,
    given=lambda shape: only_if(
        shape.is_proxy_pair and shape.accepts and not shape.is_deregistration
    ),
    when=SESSION,
)
def uplink_key_stays(step: Step) -> Verdict | None:
    """The uplink key of a session stays the same.

    Why it matters: packets that the MAG marked with the old key are lost until it has the new one.

    The RFC: section 3.3.2: the LMA "MUST maintain the same negotiated uplink GRE key for the
    lifetime of that mobility session." For administrative reasons it may change the key.

    Example: key 7 in the first PBA, key 8 in the answer to a refresh.

    How to mend: keep the key in the binding cache entry; see whether the LMA was restarted.
    """
    exchange, session, request = step.exchange, step.before, request_of(step)
    option = find(step, GreKey)
    if exchange is None or session is None or option is None or option.key is None:
        return None
    binding = step.binding_before
    if binding is not None and exchange.kind in (*_RENEWALS, ExchangeKind.COA_CHANGE):
        is_renewal = request is not None and knows_its_binding(request)
        return _judge_key(step, binding, option, UNTOLD) if is_renewal else None
    if exchange.kind is not ExchangeKind.HANDOVER or session.mode is SessionMode.MULTIPATH:
        return None
    for other in session.live:
        if step.mag is not None and other.mag != step.mag.id:
            return _judge_key(step, other, option, OTHER_MAG)
    return None


UNTOLD = "the session may have ended, or its key been changed by hand, without a trace here"


def _judge_key(step: Step, binding: Binding, option: GreKey, doubt: str) -> Verdict | None:
    """Hold the key of an acceptance against that of the acceptance before."""
    known, since = binding.uplink_gre_key, accepted_at(binding)
    if known is None or since is None or not binding.state.is_live or _is_doubted(binding):
        return None
    if known == option.key:
        return PASS
    text = f"uplink key {option.key}, and {known} before"
    return inconclusive(text, doubt, option=option, field="key", evidence=(since,))


def _is_doubted(binding: Binding) -> bool:
    """Tell whether a peer of the binding restarted, or fell silent, since it was accepted."""
    for transition in reversed(binding.history):
        if transition.event in (Event.PEER_RESTARTED, Event.PEER_LOST):
            return True
        if transition.event == Event.ACCEPTED:
            return False
    return False


@rule(
    "RFC5845-3.3.2-REREG-KEY",
    on="PBU",
    configured="grace",
    when=FIRST_ATTEMPT | RENEWAL | LIVE_BINDING | KNOWS_BINDING,
)
def downlink_key_in_each_renewal(step: Step, options: RuleOptions) -> Verdict | None:
    """A re-registration carries the downlink key, once keys were exchanged.

    Why it matters: the LMA may take its absence for the wish to go on without keys, while the MAG
    still sorts packets by them.

    The RFC: section 3.3.2: the MAG "MUST include the GRE Key option with the downlink GRE key in
    the Proxy Binding Update that is used to request a Binding Lifetime Extension."

    Example: keys 7 and 8 were exchanged; the refresh has no option 33.

    How to mend: keep the key in the update list, and send it in every PBU but the de-registration.
    """
    binding = step.binding_before
    if binding is None or binding.uplink_gre_key is None or not binding.state.is_live:
        return None
    exchange, request = step.exchange, request_of(step)
    if exchange is None or request is None or exchange.kind not in _RENEWALS:
        return None
    message, since = message_of(step), accepted_at(binding)
    if since is None or not is_first_attempt(step) or not knows_its_binding(request):
        return None
    if _downlink_key(binding.last_request) is None or is_on_its_way(step, since, options):
        return None
    if _downlink_key(message) is not None:
        return PASS
    option = message.first(GreKey)
    if option is None and (message.has(GRE_KEY) or not complete(message)):
        return None
    what = "no GRE Key option (33)" if option is None else "a GRE Key option without a key"
    return proven(step, since, f"{what}; keys were exchanged for the session", option=option)


def _downlink_key(message: Message | None) -> int | None:
    option = message.first(GreKey) if message is not None else None
    return None if option is None else option.key
