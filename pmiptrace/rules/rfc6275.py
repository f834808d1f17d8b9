"""Rules of RFC 6275 that hold for every Mobility Header, and those of its Binding Updates."""

from __future__ import annotations

from functools import lru_cache

from pmiptrace.address import address_text, is_global_unicast
from pmiptrace.model import (
    Defect,
    Message,
    OpaqueOption,
    Option,
    Severity,
    Step,
    option_number,
)
from pmiptrace.rules.look import (
    acknowledgement_of,
    bodies,
    care_of_address,
    complete,
    is_cut,
    is_reply,
    length_of,
    message_of,
    moment_of,
    option_end,
    pair,
    request_evidence,
)
from pmiptrace.rules.rule import (
    ANY,
    EACH,
    EVENT,
    PASS,
    REPLY,
    Need,
    Shape,
    Verdict,
    fail,
    inconclusive,
    kept_if,
    only_if,
    rule,
)
from pmiptrace.rules.situation import (
    ADDRESSES_IN_ORDER,
    ANSWER_FITS,
    FIXED_PART_IN_ORDER,
    GRANT_FITS,
    HEADER_IN_ORDER,
)
from pmiptrace.wire.body import MESSAGE_TYPES, message_type
from pmiptrace.wire.codes import BindingStatus
from pmiptrace.wire.decode import FIXED
from pmiptrace.wire.encode import NO_NEXT_HEADER
from pmiptrace.wire.messages import (
    BindingAcknowledgement,
    BindingError,
    BindingRefreshRequest,
    BindingUpdate,
)
from pmiptrace.wire.option import MOBILITY_OPTIONS, option_name
from pmiptrace.wire.options.rfc5213 import Timestamp
from pmiptrace.wire.options.rfc6275 import (
    AlternateCareOfAddress,
    BindingRefreshAdvice,
    PadN,
)

PAD1 = 0
PADN = 1
REFRESH_ADVICE = 2
AUTHORIZATION_DATA = 5

_LENGTH_JUDGED_ELSEWHERE = frozenset({PAD1, 63, 64, 35, 50, 55, 62})
"""Options whose length has a rule of its own, and Pad1, which has no Length."""


def _defect(message: Message, *kinds: str) -> Defect | None:
    return next((defect for defect in message.defects if defect.kind in kinds), None)


def _with_timestamp(shape: Shape) -> Need:
    if Timestamp.number not in (shape.asked or ()):
        return Need.NONE
    return kept_if(
        shape.is_proxy_pair and shape.status != BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW
    )


def _registration_accepted(shape: Shape) -> Need:
    return only_if(shape.accepts and not shape.is_deregistration)


# ------------------------------------------------------------------------- the Mobility Header


@rule("RFC6275-9.2-CHECKSUM", on=ANY, kept_when=HEADER_IN_ORDER)
def checksum(step: Step) -> Verdict | None:
    """The checksum of the Mobility Header is right.

    Why it matters: the receiver drops the message without a word, and the sender sees only a
    peer that does not answer.

    The RFC: section 9.2: "The checksum must be verified as per Section 6.1. If invalid, the node
    MUST silently discard the message."

    Example: a PBU whose Timestamp was rewritten by a middlebox that left the checksum alone.

    How to mend: compute it over the pseudo-header of the packet's own addresses and Next Header
    135, with the checksum field zero. A capture made on the sending host may show checksums that
    the network card fills in later; capture elsewhere, or switch the offload off.
    """
    message = message_of(step)
    if message.checksum_correct:
        return PASS
    if message.checksum_correct is None:
        return None
    return fail(
        f"checksum 0x{message.checksum:04x} of the {message.kind} is wrong", field="checksum"
    )


@rule("RFC6275-9.2-PAYLOAD-PROTO", on=ANY, kept_when=HEADER_IN_ORDER)
def payload_proto(step: Step) -> Verdict | None:
    """Payload Proto is 59, no next header.

    Why it matters: a receiver discards the message if the field has another value.

    The RFC: section 9.2: "The Payload Proto field MUST be IPPROTO_NONE (59 decimal)."

    Example: a Payload Proto of 0, because the header was zeroed and the field forgotten.

    How to mend: write 59 into the first octet of every Mobility Header.
    """
    message = message_of(step)
    if message.payload_proto == NO_NEXT_HEADER:
        return PASS
    if not message.datagram.payload:
        return None
    return fail(f"Payload Proto is {message.payload_proto}, not 59", field="payload_proto")


@lru_cache(maxsize=1024)
def _minimum(mh_type: int, first_octets: bytes) -> int:
    declared = message_type(mh_type, first_octets)
    return declared.minimum if declared is not None else 8


@rule(
    "RFC6275-9.2-HDRLEN",
    on=ANY,
    given=lambda shape: kept_if(shape.sound),
)
def header_length(step: Step) -> Verdict | None:
    """Header Len is not less than the message type needs.

    Why it matters: the fixed fields would run past the end of the header. The receiver discards
    the message.

    The RFC: section 9.2: "The Header Len field in the Mobility Header MUST NOT be less than the
    length specified for this particular type of message".

    Example: a PBU with Header Len 0, which is 8 octets; a Binding Update takes 12.

    How to mend: count all octets behind the first 8 in units of 8; for a PBU the least is 1.
    """
    message = message_of(step)
    if len(message.datagram.payload) < FIXED:
        return None
    minimum = _minimum(message.mh_type, message.datagram.payload[FIXED : FIXED + 2])
    if message.length >= minimum:
        return PASS
    return fail(
        f"Header Len {message.length // 8 - 1} makes the {message.kind} {message.length} octets"
        f" long; its fixed part needs {minimum}",
        field="length",
    )


@rule("RFC6275-6.1.1-LEN-EXCEEDS", on=ANY, kept_when=HEADER_IN_ORDER)
def header_length_exceeds(step: Step) -> Verdict | None:
    """The octets that Header Len promises are there, and no more.

    Why it matters: a receiver that trusts the field reads past the packet; octets behind the
    header are read by nobody.

    The RFC: section 6.1.1: Header Len is the length of the Mobility Header "in units of 8 octets,
    excluding the first 8 octets"; the header MUST be a multiple of 8 octets.

    Example: Header Len 12, which is 104 octets, in a packet with 96 octets of payload.

    How to mend: compute Header Len last, from the padded message, and the IPv6 Payload Length
    from it.
    """
    message = message_of(step)
    present = len(message.datagram.payload)
    if present == message.length and not message.defects:
        return PASS
    if message.datagram.truncated or is_cut(message):
        return None
    if present < 2:
        return fail(f"the packet ends after {present} octets of the Mobility Header")
    if present < message.length:
        return fail(
            f"Header Len {message.length // 8 - 1} promises {message.length} octets;"
            f" {present} are there",
            field="length",
        )
    if present > message.length:
        return fail(
            f"{present - message.length} octets stand behind the end of the Mobility Header",
            field="length",
            severity=Severity.INFO,
        )
    return PASS


@rule("RFC6275-6.1.1-RESERVED", on=ANY, kept_when=HEADER_IN_ORDER)
def header_reserved(step: Step) -> Verdict | None:
    """The reserved octet of the Mobility Header is zero.

    Why it matters: a later use of the octet would take the noise for a value.

    The RFC: section 6.1.1, Reserved: "The value MUST be initialized to zero by the sender".

    Example: a header built in a buffer that was not cleared.

    How to mend: write 0 behind MH Type.
    """
    message = message_of(step)
    if not message.reserved:
        return PASS
    return fail(f"reserved octet is 0x{message.reserved:02x}", field="header_reserved")


@rule(
    "RFC6275-9.2-MHTYPE",
    on=ANY,
    given=lambda shape: kept_if(shape.kind != "MH"),
)
def unknown_message(step: Step) -> Verdict | None:
    """The MH Type is one that IANA assigned.

    Why it matters: a receiver discards the message and says so by a Binding Error with status 2.

    The RFC: section 9.2: "The MH Type field MUST have a known value (Section 6.1.1)."

    Example: MH Type 200, used for a vendor's private message.

    How to mend: use the Experimental type (11) or a vendor-specific option in a standard message.
    """
    message = message_of(step)
    if message.mh_type in MESSAGE_TYPES:
        return PASS
    if len(message.datagram.payload) < FIXED:
        return None
    return fail(
        f"MH Type {message.mh_type} is unknown; a receiver answers with Binding Error, status 2",
        field="mh_type",
    )


# ------------------------------------------------------------------- reserved fields of messages


@rule("RFC6275-6.1.2-RESERVED", on="BRR")
def refresh_request_reserved(step: Step) -> Verdict | None:
    """The reserved field of a Binding Refresh Request is zero.

    Why it matters: a later use of the field would take the noise for a value.

    The RFC: section 6.1.2, Reserved: "The value MUST be initialized to zero by the sender".

    Example: a BRR with 0x0001 behind the checksum.

    How to mend: write two zero octets.
    """
    return _body_reserved(step, BindingRefreshRequest)


@rule("RFC6275-6.1.7-RESERVED", on=("BU", "PBU"), kept_when=FIXED_PART_IN_ORDER)
def update_reserved(step: Step) -> Verdict | None:
    """The unassigned flag bits of a Binding Update are zero.

    Why it matters: flags were added to this field ten times. A bit set by accident is a flag
    tomorrow.

    The RFC: section 6.1.7: the fields that are unused "MUST be initialized to zero by the sender";
    IANA has assigned all but the last four bits since.

    Example: flags 0x8201 in a PBU: A, P and a bit that nobody defined.

    How to mend: clear the flags field before setting A and P.
    """
    return _body_reserved(step, BindingUpdate)


@rule("RFC6275-6.1.8-RESERVED", on=("BA", "PBA"), kept_when=FIXED_PART_IN_ORDER)
def acknowledgement_reserved(step: Step) -> Verdict | None:
    """The unassigned flag bit of a Binding Acknowledgement is zero.

    Why it matters: a bit set by accident is a flag as soon as an RFC assigns it.

    The RFC: section 6.1.8: the field that is unused "MUST be initialized to zero by the sender";
    IANA has assigned all but the last bit since.

    Example: flags 0x21 in a PBA: P and a bit that nobody defined.

    How to mend: clear the flags octet before setting P.
    """
    return _body_reserved(step, BindingAcknowledgement)


@rule("RFC6275-6.1.9-RESERVED", on="BE")
def error_reserved(step: Step) -> Verdict | None:
    """The reserved octet of a Binding Error is zero.

    Why it matters: a later use of the octet would take the noise for a value.

    The RFC: section 6.1.9, Reserved: "The value MUST be initialized to zero by the sender".

    Example: a BE with status 2 and 0xff behind it.

    How to mend: write 0 behind Status.
    """
    return _body_reserved(step, BindingError)


def _body_reserved(
    step: Step,
    cls: type[BindingRefreshRequest | BindingUpdate | BindingAcknowledgement | BindingError],
) -> Verdict | None:
    message = message_of(step)
    body = message.body
    if not isinstance(body, cls):
        return None
    if not body.reserved:
        return PASS
    return fail(f"reserved bits of the {message.kind} are 0x{body.reserved:x}", field="reserved")


# ----------------------------------------------------------------------------------- options


@rule(
    "RFC6275-6.2-OPT-OVERRUN",
    on=ANY,
    given=lambda shape: kept_if(shape.sound),
)
def option_overrun(step: Step) -> Verdict | None:
    """Every option ends within the message.

    Why it matters: what stands behind such an option cannot be found. A receiver drops the
    message, or reads past its end.

    The RFC: section 6.2.1: options are encoded "within the remaining space of the Message Data
    field", each with its length.

    Example: the last option says Length 18 and 10 octets are left; or a lone Type octet stands at
    the end.

    How to mend: check the sum of the options against Header Len before sending.
    """
    message = message_of(step)
    if not message.defects:
        return PASS
    if message.datagram.truncated or _defect(message, "truncated", "header-overrun") is not None:
        return None
    defect = _defect(message, "option-overrun")
    if defect is None:
        return PASS
    if defect.length_field == "Type":
        return fail(f"{defect.layer} at offset {defect.offset} has no Length octet")
    return fail(
        f"{defect.layer} at offset {defect.offset} takes {defect.needed} octets;"
        f" {defect.available} are left"
    )


@lru_cache(maxsize=4096)
def _misplaced(
    kinds: tuple[type[Option] | int, ...], offsets: tuple[int, ...], end: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Give the positions of the options that are not aligned, and of those of a wrong length.

    Both depend only on which options stand where, which most messages of a peer have in common.
    """
    misaligned, wrong = [], []
    for position, (kind, offset) in enumerate(zip(kinds, offsets, strict=True)):
        number = kind if isinstance(kind, int) else kind.number
        declared = MOBILITY_OPTIONS.types.get(number)
        if declared is None:
            continue
        if (
            declared.alignment is not None
            and declared.length_verified
            and number != AUTHORIZATION_DATA  # 8n+2 only follows from its being the last
        ):
            multiple, remainder = declared.alignment
            if offset % multiple != remainder:
                misaligned.append(position)
        after = offsets[position + 1] if position + 1 < len(offsets) else end
        if number not in _LENGTH_JUDGED_ELSEWHERE and not declared.length.allows(
            after - offset - 2
        ):
            wrong.append(position)
    return tuple(misaligned), tuple(wrong)


def _misplaced_in(message: Message) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if not message.options:
        return (), ()
    kinds: tuple[type[Option] | int, ...] = tuple(map(type, message.options))
    if OpaqueOption in kinds:
        kinds = tuple(map(option_number, message.options))
    end = option_end(message, len(message.offsets) - 1) if message.defects else message.length
    return _misplaced(kinds, message.offsets, end)


@rule("RFC6275-6.2-ALIGN", on=ANY, by_places=True)
def alignment(step: Step) -> Verdict | None:
    """Every option stands where its alignment requirement puts it.

    Why it matters: a receiver that reads fields in place faults, or reads slowly, where they are
    not on their natural boundary.

    The RFC: section 6.2.1: "Mobility options may have alignment requirements." Each option's
    definition gives it as xn+y, from the start of the Mobility Header. RFC 8278 gives none.

    Example: a Home Network Prefix option, 8n+4, at offset 29.

    How to mend: put Pad1 or PadN in front of the option.
    """
    message = message_of(step)
    wrong, _ = _misplaced_in(message)
    if not wrong:
        return PASS
    places = []
    for position in wrong:
        number = option_number(message.options[position])
        multiple, remainder = MOBILITY_OPTIONS.types[number].alignment or (1, 0)
        places.append(
            f"option {number} at offset {message.offsets[position]}, not at {multiple}n+{remainder}"
        )
    return fail("; ".join(places), option=message.options[wrong[0]])


@rule("RFC6275-6.2.3-PADN-ZERO", on=ANY, options=PADN, by_content=EACH)
def padding_zero(step: Step) -> Verdict | None:
    """The data of PadN is zero.

    Why it matters: octets that receivers ignore can leak memory of the sender, or carry a covert
    channel.

    The RFC: section 6.2.3: "the Option Data consists of N-2 zero-valued octets".

    Example: ``01 04 de ad be ef`` in front of a Home Network Prefix option.

    How to mend: clear the padding.
    """
    for option in message_of(step).options:
        if type(option) is PadN and any(option.data):
            return fail(f"PadN carries {option.data[:16].hex()}", option=option, field="data")
    return PASS


@rule("RFC6275-6.2.2-PAD1-RUN", on=ANY, options=PAD1, repeated=True)
def padding_run(step: Step) -> Verdict | None:
    """More than one octet of padding is one PadN.

    Why it matters: a run of Pad1 is legal and costs each receiver one step per octet.

    The RFC: section 6.2.2: "If more than one octet of padding is required, the PadN option,
    described next, should be used rather than multiple Pad1 options."

    Example: a PBU that ends in ``00 00 00 00``.

    How to mend: write ``01 02 00 00``.
    """
    message = message_of(step)
    longest = run = 0
    first = last = None
    for option in message.options:
        run = run + 1 if option_number(option) == PAD1 else 0
        if run == 1:
            first = option
        if run > longest:
            longest, last = run, first
    if longest < 2:
        return PASS
    return fail(f"{longest} Pad1 options in a row", option=last)


@rule("RFC6275-6.2-OPT-LENGTH", on=ANY, by_places=True)
def option_length(step: Step) -> Verdict | None:
    """The Length of every option is one that its definition allows.

    Why it matters: fields behind the end of a short option do not exist; what a longer one holds
    is unknown. Receivers skip the option or drop the message.

    The RFC: section 6.2 leaves the length to each option's definition, such as RFC 5213 section
    8.3: "This field MUST be set to 18."

    Example: a Handoff Indicator option with Length 1, which lacks its reserved octet.

    How to mend: build the option from its diagram; Length counts neither Type nor itself.
    """
    message = message_of(step)
    options = message.options
    _, wrong = _misplaced_in(message)
    if not wrong:
        return PASS
    judged = [options[position] for position in wrong if _is_verified(options[position])]
    option = judged[0] if judged else options[wrong[0]]
    declared = MOBILITY_OPTIONS.types[option_number(option)]
    return fail(
        f"{declared.name} (option {declared.number}) has Length {length_of(message, option)};"
        f" {declared.reference} allows {declared.length}",
        option=option,
        field="length",
        severity=None if judged else Severity.INFO,
    )


def _is_verified(option: Option) -> bool:
    return MOBILITY_OPTIONS.types[option_number(option)].length_verified


@rule("RFC6275-6.2.7-AUTH-LAST", on=ANY, options=AUTHORIZATION_DATA)
def authorization_last(step: Step) -> Verdict | None:
    """The Binding Authorization Data option is the last one, without padding behind it.

    Why it matters: the authenticator covers the message up to the option; receivers do not verify
    one that stands elsewhere.

    The RFC: section 6.2: it "MUST be the last option and MUST NOT have trailing padding".

    Example: option 5 followed by a PadN that fills the header up to 8 octets.

    How to mend: pad in front of the option, so that it ends the header.
    """
    message = message_of(step)
    if not complete(message):
        return None
    numbers = [option_number(option) for option in message.options]
    position = numbers.index(AUTHORIZATION_DATA)
    behind = numbers[position + 1 :]
    if not behind:
        return PASS
    return fail(
        f"an option of type {behind[0]} ({option_name(message.options[position + 1])})"
        " stands behind Binding Authorization Data",
        option=message.options[position],
    )


@rule("RFC6275-6.1.7-COA-UNICAST", on="PBU", kept_when=ADDRESSES_IN_ORDER)
def care_of_address_unicast(step: Step) -> Verdict | None:
    """The care-of address is a unicast address that can be routed to.

    Why it matters: the LMA tunnels the mobile node's traffic to it.

    The RFC: section 6.1.7: "The care-of address MUST be a unicast routable address." It is that of
    the Alternate Care-of Address option, else the source of the packet.

    Example: a PBU from fe80::1, sent before the MAG's WAN interface had its address.

    How to mend: register once the interface has an address of global scope or a unique local one.
    """
    message = message_of(step)
    address = care_of_address(message)
    if is_global_unicast(address):
        return PASS
    return fail(
        f"care-of address {address_text(address)} is no unicast routable address",
        option=message.first(AlternateCareOfAddress),
    )


# ----------------------------------------------------------------------------------- answers


@rule(
    "RFC5213-5.5-SEQ-IGNORED-TS",
    on=REPLY,
    given=_with_timestamp,
)
def sequence_ignored_with_timestamp(step: Step) -> Verdict | None:
    """A PBU with a Timestamp is not rejected for its sequence number.

    Why it matters: with timestamps the sequence number counts per MAG, not per mobile node. An
    LMA that checks it refuses mobile nodes at random after a handover.

    The RFC: RFC 5213 section 5.5: "If the Timestamp option is present in the received Proxy
    Binding Update message, the local mobility anchor MUST ignore the sequence number field".

    Example: a PBU with a Timestamp and sequence number 7 is answered with status 135.

    How to mend: order PBUs of a mobile node by their timestamps wherever they have one.
    """
    both = bodies(step)
    if both is None or not pair(step)[0].has(Timestamp.number):
        return None
    if both[1].status != BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW:
        return PASS
    return fail(
        f"status 135 for sequence number {both[0].sequence} of a PBU with a Timestamp",
        field="status",
        evidence=request_evidence(step),
    )


@rule("RFC6275-10.3.1-SEQ-COPY", on=(REPLY, EVENT), kept_when=ANSWER_FITS)
def sequence_copied(step: Step) -> Verdict | None:
    """A PBA carries the sequence number of the PBU that it answers.

    Why it matters: by the number the MAG matches the answer to its request. With another one it
    ignores the answer and sends the request again.

    The RFC: section 10.3.1: "The Sequence Number field MUST be copied from the Sequence Number
    given in the Binding Update." RFC 5213 section 5.5 repeats it for timestamps.

    Example: the PBU has sequence number 12, the PBA with the same Timestamp has 0.

    How to mend: take the number from the request; only status 135 reports the last accepted one.
    """
    message = message_of(step)
    if is_reply(step):
        both = bodies(step)
        if both is None or both[1].status == BindingStatus.SEQUENCE_NUMBER_OUT_OF_WINDOW:
            return None
        if both[0].sequence == both[1].sequence:
            return PASS
        return fail(
            f"sequence number {both[1].sequence} answers {both[0].sequence}",
            field="sequence",
            evidence=request_evidence(step),
        )
    if "RFC6275-10.3.1-SEQ-COPY" not in step.events:
        return None
    body = message.body
    if not isinstance(body, BindingAcknowledgement):
        return None
    asked = [e.answered or e.request for e in step.outstanding]
    numbers = [m.body.sequence for m in asked if m and isinstance(m.body, BindingUpdate)]
    listed = ", ".join(map(str, numbers[:4])) or "none"
    return inconclusive(
        f"sequence number {body.sequence} answers no outstanding PBU (outstanding: {listed})",
        "the PBU with this sequence number may not have been captured",
        field="sequence",
        evidence=tuple(moment_of(m) for m in asked if m is not None)[:4],
    )


@rule("RFC6275-10.3.1-LIFETIME-MAX", on=REPLY, given=_registration_accepted, kept_when=GRANT_FITS)
def lifetime_not_exceeded(step: Step) -> Verdict | None:
    """The lifetime granted is not longer than the lifetime asked for.

    Why it matters: the LMA keeps a binding for longer than the MAG will refresh it, and tunnels
    into nothing after the mobile node has left.

    The RFC: section 10.3.1: "The lifetime for the Binding Cache entry MUST NOT be greater than the
    Lifetime value specified in the Binding Update."

    Example: the PBU asks for 300 s, the PBA grants 3600 s.

    How to mend: grant the lesser of the configured and the requested lifetime.
    """
    both = bodies(step)
    if both is None or both[0].lifetime == 0 or both[1].status >= 128:
        return None
    if both[1].lifetime <= both[0].lifetime:
        return PASS
    return fail(
        f"{both[1].lifetime_s} s granted, {both[0].lifetime_s} s requested",
        field="lifetime",
        evidence=request_evidence(step),
    )


@rule(
    "RFC6275-10.3.2-DEREG-LIFETIME",
    on=REPLY,
    given=lambda shape: only_if(shape.is_deregistration and shape.accepts),
)
def deregistration_lifetime(step: Step) -> Verdict | None:
    """The PBA that accepts a de-registration has Lifetime 0.

    Why it matters: another lifetime says that the binding goes on. The MAG cannot know whether it
    was removed.

    The RFC: section 10.3.2: "The Lifetime field MUST be set to zero."

    Example: a PBU with Lifetime 0 is accepted with a Lifetime of 3600 s.

    How to mend: set Lifetime to 0 in the answer to every de-registration.
    """
    both = bodies(step)
    if both is None or both[0].lifetime != 0 or both[1].status >= 128:
        return None
    if both[1].lifetime == 0:
        return PASS
    return fail(
        f"de-registration accepted with a lifetime of {both[1].lifetime_s} s",
        field="lifetime",
        evidence=request_evidence(step),
    )


@rule("RFC6275-6.1.8-ZERO-GRANT", on=REPLY, given=_registration_accepted, kept_when=GRANT_FITS)
def zero_grant(step: Step) -> Verdict | None:
    """An accepted registration is granted a lifetime.

    Why it matters: a binding with Lifetime 0 expires at once. The MAG is told that it is served
    and is not.

    The RFC: section 10.3.1: Lifetime is "the remaining lifetime for the binding"; nothing forbids
    0, and nothing can be done with it.

    Example: a PBU for 3600 s is accepted with Lifetime 0 because the LMA rounds down to units of
    4 s.

    How to mend: grant at least 4 s, or reject with the status that names the cause.
    """
    both = bodies(step)
    if both is None or both[0].lifetime == 0 or both[1].status >= 128:
        return None
    if both[1].lifetime:
        return PASS
    return fail(
        f"{both[0].lifetime_s} s requested, accepted with lifetime 0",
        field="lifetime",
        evidence=request_evidence(step),
    )


@rule("RFC6275-6.2.4-BRA", on=("PBU", "BU", "PBA", "BA"), options=REFRESH_ADVICE)
def refresh_advice(step: Step) -> Verdict | None:
    """Binding Refresh Advice gives an interval shorter than the lifetime, in a PBA only.

    Why it matters: a MAG that follows advice that is too long lets its bindings expire.

    The RFC: section 6.2.4: the interval "MUST be set to indicate a smaller time interval than the
    Lifetime value of the Binding Acknowledgement"; section 10.3.2 has it omitted where a
    de-registration is acknowledged.

    Example: a PBA that grants 300 s and advises to refresh after 300 s.

    How to mend: advise half the lifetime, and leave the option out of all other messages.
    """
    message = message_of(step)
    option = message.first(BindingRefreshAdvice)
    if isinstance(message.body, BindingUpdate):
        return fail(
            f"Binding Refresh Advice in a {message.kind}",
            option=next(o for o in message.options if option_number(o) == REFRESH_ADVICE),
            party="MAG" if message.kind == "PBU" else "sender",
            confidence="packet",
        )
    if option is None or not isinstance(message.body, BindingAcknowledgement):
        return None
    both = bodies(step) if is_reply(step) else None
    if both is not None and both[0].lifetime == 0 and both[1].status < 128:
        return fail(
            "Binding Refresh Advice in the acknowledgement of a de-registration",
            option=option,
            evidence=request_evidence(step),
        )
    acknowledgement = acknowledgement_of(message)
    if not acknowledgement.accepted:
        return None
    if option.refresh_interval < acknowledgement.lifetime:
        return PASS
    return fail(
        f"Refresh Interval {option.refresh_interval * 4} s, lifetime"
        f" {acknowledgement.lifetime_s} s",
        option=option,
        field="refresh_interval",
        confidence="packet",
    )
