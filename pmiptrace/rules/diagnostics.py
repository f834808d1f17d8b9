"""Remarks of this analyzer's own: what it noticed, or could not do. They accuse nobody.

Most of them put into words what the tracker noticed and named in the events of a step.
"""

from __future__ import annotations

from pmiptrace.address import address_text
from pmiptrace.model import (
    SECOND,
    Binding,
    BindingState,
    Exchange,
    ExchangeKind,
    Message,
    OpaqueOption,
    Step,
    Undecoded,
)
from pmiptrace.rules.look import (
    is_cut,
    lma_of,
    message_of,
    mobile_node_of,
    moment_of,
    pair,
)
from pmiptrace.rules.rule import ANY, EVENT, OFFLOAD, UNDECODED, Verdict, note, only_if, rule
from pmiptrace.wire.fields import status_names
from pmiptrace.wire.messages import BindingAcknowledgement, BindingUpdate
from pmiptrace.wire.option import MOBILITY_OPTIONS
from pmiptrace.wire.options.rfc8278 import MagMultipathBinding


def _seconds(later: int | None, earlier: int | None) -> str:
    """Give the time between two moments, where both are known."""
    if later is None or earlier is None:
        return "an unknown time"
    return f"{(later - earlier) / SECOND:.3f} s"


def _who(step: Step) -> str:
    """Name the mobile node and the path that a step is about."""
    node = mobile_node_of(step)
    name = "an unnamed mobile node" if node is None else str(node)
    binding = step.binding or step.binding_before
    if binding is not None and binding.bid is not None:
        return f"{name}, BID {binding.bid}"
    return name


def _route(message: Message) -> str:
    return f"{address_text(message.source)} to {address_text(message.destination)}"


# ------------------------------------------------------------------------------- the capture


@rule("PM-DUP-CAPTURE", on=EVENT, once="capture")
def captured_twice(step: Step) -> Verdict | None:
    """A message was captured more than once.

    Why it matters: a port mirror or a second interface shows each message again; judged twice it
    would look like a retransmission.

    The RFC: none; a remark on the capture.

    Example: the same PBU on two interfaces, with hop limits 64 and 63.

    How to mend: capture at one place, or leave it: duplicates are counted and not analysed.
    """
    message = message_of(step)
    return note(f"{message.kind} from {_route(message)} was captured before")


@rule(
    "PM-TRUNCATED",
    on=(ANY, UNDECODED),
    given=lambda shape: only_if(not shape.sound),
)
def cut_short(subject: Step | Undecoded) -> Verdict | None:
    """A frame was cut short by the snap length.

    Why it matters: what is behind the cut cannot be judged; lengths, checksums and missing options
    of such a frame are left alone.

    The RFC: none; a remark on the capture.

    Example: ``tcpdump -s 96`` on a link with PBUs of 150 octets.

    How to mend: capture whole frames, with ``-s 0``.
    """
    if isinstance(subject, Undecoded):
        if subject.kind != "truncated":
            return None
        captured, whole = len(subject.frame.data), subject.frame.original_length
        return note(f"{captured} of {whole} octets of the frame were captured")
    message = message_of(subject)
    if not message.defects or not is_cut(message):
        return None
    have = len(message.datagram.payload)
    return note(f"{have} of {message.length} octets of the {message.kind} were captured")


@rule("PM-FRAGMENT", on=UNDECODED)
def fragment(undecoded: Undecoded) -> Verdict | None:
    """A fragment carries a message whose other fragments were not captured.

    Why it matters: the message cannot be decoded, and its exchange looks unanswered.

    The RFC: none; a remark on the capture.

    Example: the second fragment of a PBU took another path.

    How to mend: capture where all fragments pass, or avoid fragmentation of signalling.
    """
    if undecoded.kind != "fragment":
        return None
    source, destination = address_text(undecoded.source), address_text(undecoded.destination)
    return note(f"fragment from {source} to {destination} could not be put together")


@rule("PM-CLOCK-BACKWARDS", on=EVENT)
def clock_backwards(step: Step) -> Verdict | None:
    """The time of capture goes backwards by more than a second.

    Why it matters: lifetimes and timeouts are computed from these times.

    The RFC: none; a remark on the capture.

    Example: NTP sets the capturing host's clock back, or two captures were joined unsorted.

    How to mend: sort the capture by time, or capture with a steady clock.
    """
    return note("the time of this frame is more than 1 s before that of an earlier one")


@rule("PM-CLEARTEXT", on=ANY, once="capture")
def clear_text(step: Step) -> Verdict | None:
    """Signalling was captured without IPsec.

    Why it matters: RFC 5213 section 4 asks for protection. A capture behind the decryption looks
    the same, so this is no accusation.

    The RFC: none; RFC5213-4-IPSEC judges it where that is wanted.

    Example: a capture on the LMA's own interface.

    How to mend: nothing, if IPsec ends in front of the place of capture.
    """
    datagram = message_of(step).datagram
    if datagram.protected or "ESP" in datagram.encapsulation:
        return None
    return _CLEAR_TEXT


_CLEAR_TEXT = note("signalling without ESP or AH; reported once per capture")


@rule("PM-OFFLOAD-CHECKSUM", on=OFFLOAD)
def offloaded_checksum(step: Step) -> Verdict | None:
    """All messages of a host have a wrong checksum, and yet are answered.

    Why it matters: the network card of the capturing host fills the checksum in behind the place
    of capture. The messages are right on the wire.

    The RFC: none; a remark on the capture.

    Example: a capture on the MAG itself: every PBU is "wrong", every PBA is right.

    How to mend: switch the offload off (``ethtool -K eth0 tx off``) or capture on another host.
    """
    source = address_text(message_of(step).source)
    return note(
        f"all messages from {source} fail their checksum and are answered: offload on the"
        " capturing host",
        field="checksum",
    )


# --------------------------------------------------------------------------- unknown numbers


@rule(
    "PM-DIALECT",
    on=ANY,
    once="peer",
    given=lambda shape: only_if(shape.dialect is not None),
)
def dialect(step: Step) -> Verdict | None:
    """A peer uses numbers from before IANA's assignment.

    Why it matters: its options and statuses are read by a table for that dialect. Whatever is
    found about its messages may be an error of that table.

    The RFC: none; the drafts before an RFC, and vendors, use numbers of their own.

    Example: an LMA of 2015 with the draft's experimental option numbers.

    How to mend: update the peer, or choose the dialect with ``--dialect``.
    """
    message = message_of(step)
    if message.dialect is None:
        return None
    return note(f"{address_text(message.source)} speaks dialect {message.dialect}")


@rule(
    "PM-UNKNOWN-OPTION",
    on=ANY,
    given=lambda shape: only_if(not shape.numbers <= MOBILITY_OPTIONS.types.keys()),
)
def unknown_option(step: Step) -> Verdict | None:
    """A message has an option whose number is not registered.

    Why it matters: receivers skip it, and this program cannot say what it holds.

    The RFC: none; RFC 6275 section 6.2.1 has a receiver ignore options it does not know.

    Example: option 200, private to one vendor.

    How to mend: vendors have the Vendor-Specific Mobility option (19) for private data.
    """
    unknown = [
        option
        for option in message_of(step).options
        if type(option) is OpaqueOption and option.type not in MOBILITY_OPTIONS.types
    ]
    if not unknown:
        return None
    numbers = ", ".join(map(str, dict.fromkeys(option.type for option in unknown)))
    return note(f"unknown option type {numbers}", option=unknown[0])


@rule(
    "PM-UNKNOWN-STATUS",
    on=ANY,
    given=lambda shape: only_if(shape.status not in (status_names(shape.body) or (shape.status,))),
)
def unknown_status(step: Step) -> Verdict | None:
    """A message has a status that is not registered.

    Why it matters: the receiver knows only whether it accepts or rejects, by the highest bit.

    The RFC: none; the registry of status codes grows.

    Example: a PBA with status 200.

    How to mend: look the number up in IANA's registry; this program's table may be older.
    """
    body = message_of(step).body
    names = status_names(type(body))
    if not names:
        return None
    status: int = body.status  # type: ignore[attr-defined]
    if status in names:
        return None
    return note(f"status {status} is not registered", field="status")


# ------------------------------------------------------------------------------- exchanges


@rule("PM-UNMATCHED-PBA", on=EVENT)
def unmatched(step: Step) -> Verdict | None:
    """A PBA answers no PBU of the capture.

    Why it matters: the request was missed, or the LMA answered something that was not asked. What
    the PBA grants is assumed to be in use.

    The RFC: none; RFC 5213 section 6.9.1.2 has a MAG ignore such an answer.

    Example: the PBU took a path that was not captured.

    How to mend: capture both directions of every path.
    """
    message = message_of(step)
    body = message.body
    if step.context.warmup or not isinstance(body, BindingAcknowledgement):
        return None
    return note(
        f"PBA from {_route(message)} with sequence number {body.sequence}, status {body.status},"
        " answers no PBU of the capture"
    )


@rule("PM-UNANSWERED-PBU", on=EVENT)
def unanswered(step: Step) -> Verdict | None:
    """A PBU got no answer in time.

    Why it matters: the LMA did not get it, did not answer, or the answer was not captured.

    The RFC: none; RFC 6275 section 11.8 gives up after MAX_BINDACK_TIMEOUT, 32 s.

    Example: three attempts within 7 s and nothing from the LMA.

    How to mend: look for ICMP errors, for drops by IPsec, and whether the capture shows the LMA's
    side at all.
    """
    exchange = step.exchange
    if exchange is None or exchange.request is None:
        return None
    body = exchange.request.body
    number = body.sequence if isinstance(body, BindingUpdate) else 0
    tries = len(exchange.attempts)
    text = (
        f"PBU with sequence number {number} for {_who(step)}: no answer in time to"
        f" {tries} attempt{'s' if tries != 1 else ''}"
    )
    if _is_ignored(step, exchange):
        text += "; its binding had been replaced, and an LMA ignores that (RFC 5213 5.3.5)"
    return note(
        text,
        evidence=exchange.attempts[-8:],
    )


def _is_ignored(step: Step, exchange: Exchange) -> bool:
    """Tell whether it is the de-registration of a binding that another one has replaced."""
    binding = step.binding
    return (
        exchange.kind is ExchangeKind.DEREG
        and binding is not None
        and binding.state is BindingState.REPLACED
    )


@rule("PM-RETRANSMISSION", on=EVENT)
def retransmission(step: Step) -> Verdict | None:
    """A PBU repeats an unanswered one.

    Why it matters: a message or its answer was lost, or the LMA is slow.

    The RFC: none; RFC 6275 section 11.8 asks a sender to repeat.

    Example: the same PBU again after 1 s, with a new sequence number and timestamp.

    How to mend: find out where messages get lost, if there are many.
    """
    exchange = step.exchange
    if exchange is None or len(exchange.attempts) < 2:
        return None
    first = exchange.attempts[0]
    return note(
        f"attempt {len(exchange.attempts)} of the PBU for {_who(step)},"
        f" {_seconds(step.moment.time, first.time)} after the first",
        evidence=(first,),
    )


@rule("PM-LATE-PBA", on=EVENT)
def late_answer(step: Step) -> Verdict | None:
    """A PBA came after the MAG had given up.

    Why it matters: the LMA has a binding that the MAG may not know of.

    The RFC: none; RFC 6275 section 11.8 ends the wait after MAX_BINDACK_TIMEOUT, 32 s.

    Example: an LMA under load answers after 40 s.

    How to mend: find out what delays the LMA.
    """
    request, reply = pair(step)
    return note(
        f"PBA came {_seconds(reply.time, request.time)} after the PBU that it answers",
        evidence=(moment_of(request),),
    )


@rule("PM-PBA-CONFLICT", on=EVENT)
def conflicting_answers(step: Step) -> Verdict | None:
    """Two PBAs answer one PBU with different results.

    Why it matters: MAG and LMA may believe in different states. Here the last answer counts.

    The RFC: none; RFC 5213 foresees one answer.

    Example: status 0, and 10 ms later status 130 from a standby LMA.

    How to mend: find out which of two LMA processes answers.
    """
    exchange = step.exchange
    body = message_of(step).body
    if exchange is None or not isinstance(body, BindingAcknowledgement):
        return None
    return note(
        f"answer {exchange.replies} to one PBU differs from the one before: now status"
        f" {body.status}, lifetime {body.lifetime_s} s",
        evidence=exchange.attempts[-1:],
    )


@rule("PM-LEGACY-LMA", on=EVENT)
def legacy_lma(step: Step) -> Verdict | None:
    """The LMA accepted without the MAG Multipath Binding option.

    Why it matters: it keeps one binding. The next path of the MAG replaces this one.

    The RFC: none; RFC 8278 section 4.4 says how an LMA without support answers.

    Example: a PBU with option 63 is accepted by a PBA without.

    How to mend: nothing on the LMA; the MAG goes on without multipath.
    """
    lma = lma_of(step)
    where = "the LMA" if lma is None else address_text(lma)
    return note(f"{where} accepted {_requested(step)} without option 63: it keeps one binding")


@rule("PM-MULTIPATH-DENIED", on=EVENT)
def multipath_denied(step: Step) -> Verdict | None:
    """The LMA refused multipath with status 180.

    Why it matters: the mobile node is not authorized for it, or the LMA does not support it. The
    MAG goes on without.

    The RFC: none; RFC 8278 sections 4.3 and 4.4 define the status.

    Example: a PBA with status 180 for BID 2.

    How to mend: authorize the mobile node at the LMA, if it should have several paths.
    """
    return note(f"status 180 for {_requested(step)}")


def _requested(step: Step) -> str:
    request, reply = pair(step)
    option = request.first(MagMultipathBinding) or reply.first(MagMultipathBinding)
    return _who(step) if option is None else f"{mobile_node_of(step)}, BID {option.bid}"


# --------------------------------------------------------------------- bindings and sessions


def _moved(step: Step) -> Binding | None:
    if step.transitions:
        return step.transitions[0][0]
    return step.binding or step.binding_before


@rule("PM-EXPIRED", on=EVENT)
def expired(step: Step) -> Verdict | None:
    """A binding ran out of its lifetime without a refresh.

    Why it matters: the LMA stops forwarding. The MAG died, the mobile node left without a
    de-registration, or the refresh was not captured.

    The RFC: none; RFC 6275 section 6.1.7 ends a binding with its lifetime.

    Example: a lifetime of 300 s granted at 12:00:00 and no PBU until 12:05:00.

    How to mend: refresh well before the end, and de-register a mobile node that leaves.
    """
    binding = _moved(step)
    if binding is None:
        return None
    node = mobile_node_of(step)
    path = "" if binding.bid is None else f", BID {binding.bid}"
    return note(
        f"binding of {node or 'an unnamed mobile node'}{path} at"
        f" {address_text(binding.care_of_address)} ran out after {binding.lifetime} s"
    )


@rule("PM-REFRESH-LATE", on=EVENT)
def refreshed_late(step: Step) -> Verdict | None:
    """A binding is refreshed shortly after its lifetime ran out.

    Why it matters: for a moment the LMA had no binding and dropped traffic.

    The RFC: none; RFC 6275 section 11.7.1 asks to refresh before the lifetime ends.

    Example: a lifetime of 300 s, a refresh after 302 s.

    How to mend: refresh at half the lifetime, or as the Binding Refresh Advice says.
    """
    binding = step.binding_before or step.binding
    if binding is None:
        return None
    return note(
        f"PBU for {_who(step)} comes {_seconds(step.moment.time, binding.expires_at)} after the"
        " binding's lifetime ended"
    )


@rule("PM-COA-CHANGE", on=EVENT)
def care_of_address_changed(step: Step) -> Verdict | None:
    """A binding moved to another care-of address of the same MAG.

    Why it matters: the path's interface got a new address. The tunnel moves with it.

    The RFC: none; RFC 5213 section 5.3.4 has the LMA update its entry.

    Example: BID 1 comes from 2001:db8:a::2 after 2001:db8:a::1.

    How to mend: nothing; look at the access network if it happens often.
    """
    old, new = step.binding_before, step.binding
    if old is None or new is None:
        return note(f"{_who(step)} moved to another care-of address")
    return note(
        f"{_who(step)} moved from {address_text(old.care_of_address)} to"
        f" {address_text(new.care_of_address)}"
    )


@rule("PM-HANDOVER", on=EVENT)
def handed_over(step: Step) -> Verdict | None:
    """A session moved to another MAG.

    Why it matters: the bindings of the old MAG are replaced.

    The RFC: none; RFC 5213 section 5.3.4 describes it.

    Example: a PBU with HI 3 from a second MAG is accepted.

    How to mend: nothing needs mending.
    """
    mag = step.mag
    name = "another MAG"
    if mag is not None:
        name = str(mag.identifier) if mag.identifier else address_text(mag.addresses[0])
    return note(f"{_who(step)} moved to {name}")


@rule("PM-PEER-RESTART", on=EVENT)
def peer_restarted(step: Step) -> Verdict | None:
    """A peer restarted and lost its sessions.

    Why it matters: all bindings between the two are in doubt until they are registered anew.

    The RFC: none; RFC 5847 section 3.2 detects it by the Restart Counter.

    Example: the counter of a Heartbeat Response went from 7 to 8.

    How to mend: find out why the peer restarted.
    """
    message = step.message
    if message is None:
        return note("a peer no longer answers heartbeats; its bindings are in doubt")
    return note(f"{address_text(message.source)} restarted; its bindings are in doubt")


@rule("PM-PARTIAL-SESSION", on=EVENT)
def partial_session(step: Step) -> Verdict | None:
    """The capture does not hold the start of a session.

    Why it matters: what was agreed before is not known, and rules that need it are inconclusive.

    The RFC: none; a remark on the capture.

    Example: the first message of a mobile node is a refresh with HI 5.

    How to mend: start the capture before the mobile node attaches.
    """
    session = step.after or step.before
    reason = "" if session is None or not session.partial_reason else f": {session.partial_reason}"
    return note(f"the capture does not hold the start of the session of {_who(step)}{reason}")
