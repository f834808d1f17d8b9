"""What the words mean that reports have for states, modes, kinds of exchanges, and events.

`pmiptrace explain` and the page on states of the documentation say it as it stands here. How a
binding gets from one state to the next is in `pmiptrace.track.states`.
"""

from __future__ import annotations

from msgspec import Struct

from pmiptrace.model import BindingState, ExchangeKind, SessionMode
from pmiptrace.track.states import Event


class Term(Struct, frozen=True, kw_only=True):
    """A word of reports and what it means."""

    meaning: str
    told_by: str = ""
    """What a capture shows where it is said; empty for a state, which events lead to."""
    advice: str = ""
    """What to do, or to look at next, where that helps."""
    traffic: str = ""
    """Of a state, whether traffic goes over the binding, where that is not just a yes or no."""
    references: tuple[str, ...] = ()
    """The sections behind it; none for what only a capture can be."""
    rules: tuple[str, ...] = ()
    """IDs of rules and remarks that speak of it."""


S, M, K, E = BindingState, SessionMode, ExchangeKind, Event

STATES = {
    S.NONE: Term(
        meaning="no entry: there was none, or the LMA deleted it",
        references=("RFC 5213 section 5.3.5",),
        rules=("RFC5213-6.9.1.3-HI5-INITIAL", "RFC5213-5.4.1-DEREG-UNKNOWN"),
    ),
    S.PENDING: Term(
        meaning="a PBU is under way, and there was no live entry before",
        advice="where a capture ends so, the answer came later: capture on for 32 s after the PBU",
        references=("RFC 5213 section 5.3.2", "RFC 5213 section 6.9.1.1"),
        rules=("PM-RETRANSMISSION", "RFC5213-6.9.4-RETX", "RFC6275-11.8-BACKOFF"),
    ),
    S.ACTIVE: Term(
        meaning="accepted, and its lifetime not over",
        references=("RFC 5213 section 5.3.2", "RFC 5213 section 5.3.3"),
    ),
    S.REFRESHING: Term(
        meaning="there is an entry, and a PBU for it is under way",
        advice="where a capture ends so, the answer came later: capture on for 32 s after the PBU;"
        " until it is accepted the binding runs on for the lifetime that was granted before",
        references=("RFC 5213 section 5.3.3", "RFC 5213 section 6.9.1.3"),
        rules=(
            "RFC5213-6.9.1.3-HI5",
            "RFC5213-6.9.1.3-HNP-ALL",
            "RFC5213-6.9.4-RETX",
            "PM-RETRANSMISSION",
        ),
    ),
    S.DEREG_PENDING: Term(
        meaning="a PBU with lifetime 0 is under way",
        advice="where no answer comes, compare what the LMA and the MAG have: the MAG has to remove"
        " its entry after 1 s, and whether the LMA does nobody tells",
        references=("RFC 5213 section 5.3.5", "RFC 5213 section 6.9.1.4"),
        rules=(
            "RFC5213-5.3.5-DEREG-STATUS",
            "RFC5213-5.3.5-DEREG-WRONG-COA",
            "RFC6275-10.3.2-DEREG-LIFETIME",
            "RFC8278-4.1-O-DEREG",
        ),
    ),
    S.DEREG_WAIT: Term(
        meaning="given up; the LMA keeps the entry for MinDelayBeforeBCEDelete, 10 s, in case the"
        " mobile node is registered again",
        traffic="none: the LMA SHOULD drop what comes for the mobile node",
        references=("RFC 5213 section 5.3.5", "RFC 5213 section 9.1"),
    ),
    S.EXPIRED: Term(
        meaning="its lifetime is over",
        advice="look whether a refresh was sent and got no answer, or none was sent: the mobile"
        " node left without a de-registration, the MAG or its path failed, or the capture lacks it",
        references=("RFC 6275 section 6.1.7",),
        rules=("PM-EXPIRED", "PM-REFRESH-LATE", "RFC5213-6.9.1.3-HI5-INITIAL"),
    ),
    S.REPLACED: Term(
        meaning="another binding took its place: O flag, handover, or a PBU or PBA without the MAG"
        " Multipath Binding option",
        advice="the word in brackets says which: overwrite, handover, or single, where the LMA"
        " keeps one binding; look at the mode of the session if there should be several",
        references=(
            "RFC 5213 section 5.3.4",
            "RFC 8278 section 4.1",
            "RFC 8278 section 4.4",
        ),
        rules=("PM-HANDOVER", "PM-LEGACY-LMA", "RFC8278-4.1-O-SURVIVOR"),
    ),
    S.REJECTED: Term(
        meaning="the LMA rejected the PBU, and there was no live entry before",
        advice="the status of the PBA says why: pmiptrace explain status NUMBER",
        references=("RFC 5213 section 6.9.1.2", "RFC 5213 section 8.9"),
        rules=("RFC8278-4.3-REJECT-CODE", "PM-MULTIPATH-DENIED", "PM-PBA-CONFLICT"),
    ),
    S.REVOKING: Term(
        meaning="a BRI is under way",
        advice="where a capture ends so, the answer came later: capture on until the BRA, or until"
        " the sender gives up repeating the BRI and removes the binding all the same",
        references=("RFC 5846 section 6.1.1", "RFC 5846 section 6.3"),
        rules=("RFC5846-6.1.2-ACK", "RFC5846-6.3-RETX", "RFC5846-5.1-8278-GAP"),
    ),
    S.REVOKED: Term(
        meaning="the BRI was accepted, or never answered",
        advice="the trigger in the BRI says why: pmiptrace codes revocation_trigger",
        references=("RFC 5846 section 6.2.2", "RFC 5846 section 6.3"),
        rules=("RFC5846-6.1.2-ACK", "RFC5846-9.1-REFRESH-AFTER-REVOKE"),
    ),
    S.ASSUMED: Term(
        meaning="seen in use, but not how it was accepted",
        advice="the capture began too late, or lacks messages: begin before the mobile node"
        " attaches, and capture both directions of every path",
        rules=("PM-PARTIAL-SESSION", "PM-UNMATCHED-PBA"),
    ),
    S.SUSPECT: Term(
        meaning="nobody told whether it is still there: a peer restarted or fell silent,"
        " or a de-registration got no answer",
        traffic="the LMA forwards over it, if it still has the entry",
        advice="only an accepted PBU makes it certain again; if none follows, compare what the LMA"
        " and the MAG have: one may hold a binding that the other lost",
        references=(
            "RFC 5213 section 6.9.1.4",
            "RFC 5847 section 3.1",
            "RFC 5847 section 3.2",
        ),
        rules=("PM-PEER-RESTART", "RFC5847-3.2-RESTART-EVENT", "PM-UNANSWERED-PBU"),
    ),
    S.PENDING_TIMEOUT: Term(
        meaning="a PBU got no answer for 32 s, and there was no live entry before",
        advice="look whether the capture shows the LMA's side at all; then for ICMP errors, and for"
        " drops by a firewall or IPsec",
        references=("RFC 5213 section 6.9.4", "RFC 6275 section 11.8"),
        rules=("PM-UNANSWERED-PBU", "PM-LATE-PBA", "RFC5213-6.9.4-RETX"),
    ),
}
"""The states of a binding."""

MODES = {
    M.UNKNOWN: Term(
        meaning="nothing shows yet whether the LMA keeps several bindings",
        told_by="no PBU of the session was seen to be accepted, or the end of a message is missing",
        advice="begin the capture before the mobile node attaches, and capture both directions",
        references=("RFC 8278 section 4.4",),
        rules=("PM-PARTIAL-SESSION", "PM-UNANSWERED-PBU"),
    ),
    M.SINGLE: Term(
        meaning="the LMA keeps one binding, as the MAG asks for no more",
        told_by="a PBU without the MAG Multipath Binding option was accepted; that replaces the"
        " other bindings of the session",
        advice="where several paths are meant, look whether multipath is enabled at the MAG, and"
        " whether the LMA refused it to this mobile node before",
        references=("RFC 5213 section 5.3", "RFC 8278 section 4.4"),
        rules=("RFC8278-4.4-MMB-EACH-PBU", "RFC8278-4.4-PBA-MMB-UNSOLICITED"),
    ),
    M.MULTIPATH: Term(
        meaning="the LMA keeps a binding for each path; MAG and BID tell them apart",
        told_by="a PBU with the MAG Multipath Binding option was accepted by a PBA that has it;"
        " where the PBU was not captured, such a PBA alone",
        references=("RFC 8278 section 4.1", "RFC 8278 section 4.4"),
        rules=(
            "RFC8278-4.4-MMB-EACH-PBU",
            "RFC8278-4.4-PBA-MMB-REQUIRED",
            "RFC8278-3.1-PBA-HNP-SAME",
        ),
    ),
    M.MP_DENIED: Term(
        meaning="the LMA refused multipath with status 180, and the session had no live binding",
        told_by="a PBU with the MAG Multipath Binding option got status 180 while no binding of the"
        " session was live; what is accepted later changes the mode",
        advice="authorize the mobile node for multipath at the LMA, or enable RFC 8278 there; else"
        " the MAG should register it without the option: pmiptrace explain status 180",
        references=("RFC 8278 section 4.3", "RFC 8278 section 4.4"),
        rules=(
            "PM-MULTIPATH-DENIED",
            "RFC8278-4.4-180-DISABLE",
            "RFC8278-4.4-180-ECHO-MMB",
            "RFC8278-4.4-180-CONTRADICT",
        ),
    ),
    M.MP_UNSUPPORTED: Term(
        meaning="the LMA skipped the MAG Multipath Binding option and keeps one binding",
        told_by="a PBU with the option was accepted by a PBA without it; from one such PBA"
        " nothing is concluded while a multipath session has a live binding",
        advice="each further path replaces the one before: enable RFC 8278 at the LMA, or turn"
        " multipath off at the MAG",
        references=("RFC 8278 section 4.4",),
        rules=("PM-LEGACY-LMA", "RFC8278-4.4-LEGACY-DISABLE", "RFC8278-4.4-DISCOVER-FIRST"),
    ),
}
"""The modes of a session."""

KINDS = {
    K.INITIAL: Term(
        meaning="a PBU that registers a mobile node for the first time, or anew after its binding"
        " was over",
        told_by="neither this MAG nor another has a binding of the session",
        references=("RFC 5213 section 5.3.2", "RFC 5213 section 6.9.1.1"),
        rules=("RFC5213-6.9.1.3-HI5-INITIAL", "RFC8278-4.4-DISCOVER-FIRST"),
    ),
    K.ADD_PATH: Term(
        meaning="a PBU for a further path of a session; the other bindings stay if the LMA"
        " supports multipath",
        told_by="the MAG has another binding of the session, and the PBU has the MAG Multipath"
        " Binding option with another BID; or another MAG has one, and the Handoff Indicator is 6",
        references=(
            "RFC 7864 section 3.2.1",
            "RFC 8278 section 3.1",
            "RFC 8278 section 4.4",
        ),
        rules=(
            "RFC8278-3.1-HNP-2ND-PATH",
            "RFC8278-3.1-PBA-HNP-SAME",
            "RFC8278-4.1-BID-UNIQUE",
            "RFC8278-4.4-DISCOVER-FIRST",
        ),
    ),
    K.REFRESH: Term(
        meaning="a PBU that extends the lifetime of a binding",
        told_by="the binding is live, and its care-of address the same; or the Handoff Indicator is"
        " 5, and the beginning of the session was not captured",
        references=("RFC 5213 section 5.3.3", "RFC 5213 section 6.9.1.3"),
        rules=("RFC5213-6.9.1.3-HI5", "RFC5213-6.9.1.3-HNP-ALL", "PM-REFRESH-LATE"),
    ),
    K.BULK: Term(
        meaning="a PBU with the B flag; accepted, it extends the lifetime of the MAG's other"
        " bindings of the session as well",
        told_by="B is 1, and there is a binding that it can be about",
        references=("RFC 8278 section 4.1",),
        rules=("RFC8278-4.1-B-SCOPE", "RFC8278-4.1-BO-EXCLUSIVE"),
    ),
    K.OVERWRITE: Term(
        meaning="a PBU with the O flag; accepted, its binding replaces all others of the session",
        told_by="O is 1, and there is a binding that it can be about",
        advice="a path that it replaced carries traffic again only once the MAG has registered it"
        " anew",
        references=("RFC 8278 section 4.1",),
        rules=("RFC8278-4.1-O-SURVIVOR", "RFC8278-4.1-O-NOOP", "RFC8278-4.1-BO-EXCLUSIVE"),
    ),
    K.COA_CHANGE: Term(
        meaning="a PBU that moves a binding to another care-of address of the same MAG",
        told_by="the MAG, and the BID if there is one, are those of a live binding; its care-of"
        " address was another",
        advice="look at the access network if it happens often: the tunnel moves each time",
        references=("RFC 5213 section 5.3.4",),
        rules=("PM-COA-CHANGE",),
    ),
    K.HANDOVER: Term(
        meaning="a PBU of another MAG; accepted, it replaces the bindings of the MAG before",
        told_by="another MAG has a binding of the session, or gave it up less than 10 s before;"
        " where the beginning was not captured, the Handoff Indicator is 2 or 3",
        references=("RFC 5213 section 5.3.4", "RFC 5213 section 5.4.1"),
        rules=("PM-HANDOVER", "RFC5213-5.3.4-STATUS0"),
    ),
    K.DEREG: Term(
        meaning="a PBU that gives up the binding of its BID; without the MAG Multipath Binding"
        " option, or with the B flag, all that the MAG has of the session",
        told_by="the lifetime is 0",
        references=("RFC 5213 section 5.3.5", "RFC 5213 section 6.9.1.4"),
        rules=(
            "RFC5213-5.3.5-DEREG-STATUS",
            "RFC5213-5.3.5-DEREG-WRONG-COA",
            "RFC5213-5.4.1-DEREG-UNKNOWN",
            "RFC6275-10.3.2-DEREG-LIFETIME",
            "RFC8278-4.1-B-DEREG",
            "RFC8278-4.1-O-DEREG",
        ),
    ),
    K.DEREG_SELECTIVE: Term(
        meaning="a PBU that gives up the IPv4 home address or the prefixes; the binding stays for"
        " the other",
        told_by="the lifetime is 0, and the PBU names only one of the two that the session has",
        references=("RFC 5844 section 3.2.3.3",),
    ),
    K.REVOCATION: Term(
        meaning="a BRI, by which one peer ends bindings, and the BRA that answers it",
        told_by="a BRI, its retransmissions, and the BRA with its sequence number",
        references=("RFC 5846 section 6",),
        rules=(
            "RFC5846-6.1.2-ACK",
            "RFC5846-6.1.2-SEQ",
            "RFC5846-6.3-RETX",
            "RFC5846-9.1-REFRESH-AFTER-REVOKE",
            "RFC5846-5.1-8278-GAP",
        ),
    ),
    K.HEARTBEAT: Term(
        meaning="a Heartbeat Request, which asks whether the peer is there, and the response",
        told_by="a Heartbeat with R=0, and one with R=1 and the same sequence number",
        advice="look at the bindings between the two: they are suspect after four requests in a row"
        " without a response, and when the Restart Counter changes",
        references=("RFC 5847 section 3",),
        rules=(
            "RFC5847-3-RESPOND",
            "RFC5847-3-SEQ",
            "RFC5847-3.2-RESTART-EVENT",
            "PM-PEER-RESTART",
        ),
    ),
    K.NOTIFICATION: Term(
        meaning="a UPN, by which the LMA tells or asks a MAG something, and its answer, a UPA",
        told_by="a UPN, its retransmissions, and the UPA with its sequence number",
        advice="the reason says what the MAG has to do: pmiptrace codes notification_reason",
        references=("RFC 7077 section 5", "RFC 7077 section 6"),
        rules=("RFC7077-6.1-ACK", "RFC7077-6.1-FORCE-REREG", "RFC7077-6.1-ANI"),
    ),
    K.UNKNOWN: Term(
        meaning="what was asked for is not known",
        told_by="a PBA whose PBU was not captured, or a PBU with a wrong checksum and no answer"
        " that shows that it was taken",
        advice="capture both directions of every path",
        rules=("PM-UNMATCHED-PBA", "PM-OFFLOAD-CHECKSUM"),
    ),
}
"""The kinds of exchanges."""

EVENTS = {
    E.REQUEST: "a PBU with a lifetime above 0 for the binding",
    E.DEREG_REQUEST: "a PBU with lifetime 0, which gives the binding up",
    E.ACCEPTED: "a PBA accepts a PBU with a lifetime above 0, by a status below 128",
    E.REJECTED: "a PBA rejects a PBU with a lifetime above 0, by a status of 128 or more",
    E.ANOTHER_SESSION: "the PBU named no prefix, and got others than the session has",
    E.DEREG_ACCEPTED: "a PBA accepts the PBU with lifetime 0",
    E.BULK_DEREG_ACCEPTED: "a PBA accepts one with the B flag over another path of the MAG",
    E.DEREG_REJECTED: "a PBA rejects the PBU with lifetime 0",
    E.SEEN_IN_USE: "a PBA without its PBU, or a refresh, shows that it was accepted before; or a"
    " refresh shows that a bulk de-registration did not end it",
    E.EXTENDED: "another path's PBU with the B flag was accepted",
    E.SUPERSEDED: "another binding's PBU was accepted, and leaves no place for it",
    E.RETRACTED: "a second PBA to the same PBU rejects what the first accepted",
    E.UNANSWERED: "no PBA for 32 s after the last attempt",
    E.DEREG_UNANSWERED: "no PBA for 32 s after the last attempt to give it up",
    E.UNKNOWN_DEREG_UNANSWERED: "the same, of a binding that was not seen before",
    E.LIFETIME_OVER: "the lifetime granted last has passed, counted from its PBA",
    E.DELETE_DELAY_OVER: "10 s after the de-registration was accepted",
    E.REVOCATION: "a Binding Revocation Indication",
    E.REVOKED: "a BRA with a status below 128",
    E.REVOCATION_REFUSED: "a BRA with a status of 128 or more, but 128 itself",
    E.REVOCATION_UNKNOWN: "a BRA with status 128: the binding does not exist",
    E.REVOCATION_UNANSWERED: "no BRA for 10 s after the last attempt",
    E.PEER_RESTARTED: "the Restart Counter of its Heartbeats changed, or one came unsolicited",
    E.PEER_LOST: "four Heartbeat Requests in a row got no response",
}
"""What happens to a binding: the events of the transition table. Times are the usual ones."""
