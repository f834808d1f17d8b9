"""What a rule is: a function that judges one step of a trace, with its place in the catalogue.

::

    @rule("RFC8278-4.1-B-DEREG", on="PBU", options=63)
    def bulk_deregistration(step: Step) -> Verdict | None:
        \"\"\"...\"\"\"

The function gives `PASS`, a `Verdict`, or None where the rule has nothing to say about the step.
What it claims (severity, keyword, accused party, section) stands in the catalogue, not here. Its
docstring is its documentation, and has the five parts of `Documentation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum, StrEnum
from functools import cached_property
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from msgspec import Struct

from pmiptrace.model import (
    MILLISECOND,
    SECOND,
    Body,
    ExchangeKind,
    Moment,
    Option,
    Severity,
    direct,
)
from pmiptrace.rules.catalogue import CatalogueRow, catalogue

if TYPE_CHECKING:
    from pmiptrace.rules.examples.example import Example

ANY = "any message"
"""Every message, of whatever kind."""
REPLY = "reply"
"""A message that answers a request of the capture: `step.exchange` holds both."""
CLOCK = "clock"
"""A step without a message: a lifetime ran out, a request was given up."""
EVENT = "event"
"""A step whose `events` name the rule: the tracker noticed what the rule reports."""
UNDECODED = "undecoded"
"""A frame that could not be decoded; the function gets a `pmiptrace.model.Undecoded`."""
OFFLOAD = "offload"
"""The first of a host's messages that all fail their checksum and yet are answered."""

FIRST = "first"
"""A rule looks at the first option with its number."""
EACH = "each"
"""A rule looks at each option with its number."""


@direct
class Outcome(StrEnum):
    """How a rule judges a step."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOTE = "note"


class Verdict(Struct, frozen=True, kw_only=True):
    """A judgement and what it rests on. None keeps what the catalogue or the step says."""

    outcome: Outcome
    message: str = ""
    """The evidence in one line, with the actual values."""
    why_inconclusive: str | None = None
    option: Option | None = None
    """The offending option of the step's message."""
    field: str | None = None
    """The offending field, by its name in Python: of the option, else of the message's body, else
    of the Mobility Header (`pmiptrace.rules.look.HEADER_FIELDS`)."""
    evidence: tuple[Moment, ...] = ()
    """Further messages that it rests on."""
    severity: Severity | None = None
    party: str | None = None
    """Who is accused instead: ``MAG``, ``LMA``, ``sender``, ``unknown``."""
    confidence: str | None = None
    exchange: int | None = None
    """The exchange that it is about, where that is not the step's own."""


PASS = Verdict(outcome=Outcome.PASS)
"""The rule applied and was kept."""


def fail(message: str, **parts: Any) -> Verdict:
    """Give the verdict that the violation is shown. `parts` are further fields of `Verdict`."""
    return Verdict(outcome=Outcome.FAIL, message=message, **parts)


def inconclusive(message: str, why: str, **parts: Any) -> Verdict:
    """Give the verdict that a violation is suspected, and why the capture does not settle it."""
    return Verdict(outcome=Outcome.INCONCLUSIVE, message=message, why_inconclusive=why, **parts)


def note(message: str, **parts: Any) -> Verdict:
    """Give a remark that accuses nobody."""
    return Verdict(outcome=Outcome.NOTE, message=message, **parts)


class Shape(Struct, frozen=True, kw_only=True):
    """What rules may know of a message before they are called; equal for most messages of a kind.

    The engine decides once per shape which rules to call.
    """

    kind: str
    body: type[Body]
    numbers: frozenset[int]
    """Of its options."""
    repeated: frozenset[int]
    """Of the options that stand more than once."""
    sound: bool
    """Whether decoding found no defect."""
    over_udp: bool
    """Whether it came in a UDP datagram (RFC 5844 section 4)."""
    dialect: str | None
    status: int | None
    """The Status field, if it has one."""
    is_deregistration: bool
    """Whether the Lifetime of the request, or of this message if it is none, is 0."""
    exchange: ExchangeKind | None
    """What the request asked for, if this is a reply."""
    request: str | None
    """The kind of the request, if this is a reply."""
    asked: frozenset[int] | None
    """The numbers of the request's options, if this is a reply."""
    asked_repeatedly: frozenset[int] = frozenset()
    """Of these, the numbers of options that stand more than once."""

    @property
    def accepts(self) -> bool:
        """Whether it is an answer with a status of acceptance."""
        return self.status is not None and self.status < 128

    @property
    def rejects(self) -> bool:
        """Whether it is an answer with a status of rejection."""
        return self.status is not None and self.status >= 128

    @property
    def is_proxy_pair(self) -> bool:
        """Whether it is a PBA that answers a PBU."""
        return self.kind == "PBA" and self.request == "PBU"


@direct
class Need(Enum):
    """Whether a rule must look at a message of some shape."""

    LOOK = "look"
    KEPT = "kept"
    """Every message of the shape keeps the rule."""
    NONE = "none"
    """The rule has nothing to say about such a message."""


def only_if(condition: bool) -> Need:
    """Have the rule look if the condition holds; it has nothing to say otherwise."""
    return Need.LOOK if condition else Need.NONE


def kept_if(condition: bool) -> Need:
    """Count the rule as kept if the condition holds, and have it look otherwise."""
    return Need.KEPT if condition else Need.LOOK


class RuleOptions(Struct, frozen=True, kw_only=True):
    """What a user can set of the rules; one declared with `configured` gets it as an argument.

    Times are in nanoseconds; the defaults are those of the RFCs. `pmiptrace.settings` has the
    ranges.
    """

    trust_clock: bool = False
    """Whether the capturing host's clock is right, so that timestamps can be held against it."""
    ipsec: bool = False
    """Whether signalling in clear text is to be judged (RFC 5213 section 4)."""
    timestamp_window: int = 300 * MILLISECOND
    """TimestampValidityWindow of the LMA (RFC 5213 section 9.1)."""
    grace: int = 500 * MILLISECOND
    """How long after a PBA a message of the MAG may still have been sent without knowing it."""
    administrative_action: int = 60 * SECOND
    """From then on somebody may have changed what made the LMA refuse."""
    legacy_retry_window: int = 300 * SECOND
    """After this long a MAG may ask an LMA for multipath again that did not support it."""
    initial_timeout: int = SECOND
    """INITIAL_BINDACK_TIMEOUT of the MAG (RFC 6275 section 12)."""
    first_registration_timeout: int = 1500 * MILLISECOND
    """InitialBindackTimeoutFirstReg of the MAG (RFC 6275 section 13)."""
    max_timeout: int = 32 * SECOND
    """MAX_BINDACK_TIMEOUT of the MAG (RFC 6275 section 12)."""
    timer_tolerance: int = 10
    """A timer may be off by so much, in percent of what is due: delays on the way vary."""
    update_rate: int = 3
    """MAX_UPDATE_RATE, messages per second (RFC 6275 section 12)."""
    revocation_delay_min: int = 500 * MILLISECOND
    """InitMINDelayBRIs is not to be configured to less (RFC 5846 section 11)."""
    revocation_timeout_max: int = 2 * SECOND
    """MAX_BRACK_TIMEOUT (RFC 5846 section 11)."""
    revocation_retries: int = 1
    """BRIMaxRetriesNumber (RFC 5846 section 11)."""
    heartbeat_interval_min: int = 30 * SECOND
    """HEARTBEAT_INTERVAL should not be less (RFC 5847 section 5)."""
    heartbeat_interval_max: int = 3600 * SECOND
    """HEARTBEAT_INTERVAL should not be more (RFC 5847 section 5)."""
    notification_delay: int = SECOND
    """MIN_DELAY_BETWEEN_UPDATE_NOTIFICATION_REPLAY (RFC 7077 section 7)."""
    notification_delay_min: int = 500 * MILLISECOND
    """The least that it should be configured to (RFC 7077 section 7)."""
    notification_retries: int = 1
    """MAX_UPDATE_NOTIFICATION_RETRANSMIT_COUNT (RFC 7077 section 7)."""
    reregistration: int = 5 * SECOND
    """So long a MAG may take to register anew after an Update Notification that asks for it."""
    reregistration_overdue: int = 10 * SECOND
    """A registration that is not there by then is an error, if the MAG agreed to it."""

    @property
    def first_gap_max(self) -> int:
        """A chain of attempts begins with a gap of at most twice the first timeout."""
        return 2 * max(self.initial_timeout, self.first_registration_timeout)

    @property
    def retransmission_window(self) -> int:
        """So long after its answer a request may be repeated by a peer it did not reach.

        Twice its first timeout, and half a second.
        """
        return self.first_gap_max + 500 * MILLISECOND

    def at_least(self, due: int) -> int:
        """Give the shortest time that a timer of that much may take."""
        return due * (100 - self.timer_tolerance) // 100

    def at_most(self, due: int) -> int:
        """Give the longest time that a timer of that much may take."""
        return due * (100 + self.timer_tolerance) // 100


class Documentation(Struct, frozen=True):
    """The parts of a rule's docstring."""

    summary: str
    """What the rule checks, in one line."""
    why: str
    rfc: str
    example: str
    mend: str


_PARTS = (
    ("Why it matters: ",),
    ("The RFC: ", "The text: "),
    ("Example: ",),
    ("How to mend: ",),
)
"""What the parts behind the summary begin with; the text is that of a document that is no RFC."""

Check = Callable[..., Verdict | None]
C = TypeVar("C", bound=Check)


class Rule:
    """A registered rule."""

    def __init__(
        self,
        id: str,  # noqa: A002
        check: Check,
        *,
        on: frozenset[str],
        options: frozenset[int],
        unless: frozenset[int],
        repeated: bool,
        given: Callable[[Shape], Need] | None,
        configured: str | None,
        once: str | None,
        when: int = 0,
        kept_when: int = 0,
        by_content: str | None = None,
        by_places: bool = False,
        by_echo: frozenset[int] = frozenset(),
        row: CatalogueRow | None = None,
        example: Callable[[], Example] | None = None,
    ) -> None:
        self.id = id
        self.check = check
        self.example = example
        """Gives the example of a rule of somebody else's; None if there is none."""
        self._row = row
        self.on = on
        """Kinds of message, or the constants of this module."""
        self.options = options
        """At least one of these must be in the message; empty where the rule looks at all."""
        self.unless = unless
        """A message with one of these keeps the rule; it is not called then."""
        self.repeated = repeated
        """Whether a message that has each of `options` at most once keeps the rule."""
        self.given = given
        self.configured = configured
        self.once = once
        self.when = when
        """It has nothing to say where one of these facts does not hold."""
        self.kept_when = kept_when
        """It is kept where all of these facts hold; 0 if there is no such case."""
        self.by_content = by_content
        """Whether the octets of its option, the `FIRST` or `EACH`, settle that it is kept."""
        self.by_places = by_places
        """Whether the numbers and places of the options settle that it is kept."""
        self.by_echo = by_echo
        """A reply whose options with these numbers equal those of the request keeps it."""

    def __repr__(self) -> str:
        return f"<Rule {self.id}>"

    def need(self, shape: Shape) -> Need:
        """Tell whether it must look at messages of that shape, whose kind it is declared for."""
        if self.options and self.options.isdisjoint(shape.numbers):
            return Need.NONE
        if not self.unless.isdisjoint(shape.numbers):
            return Need.KEPT
        if self.repeated and self.options.isdisjoint(shape.repeated):
            return Need.KEPT
        return Need.LOOK if self.given is None else self.given(shape)

    @property
    def switch(self) -> str | None:
        """The setting that it depends on, by the name that users give it; None if there is none."""
        return None if self.configured is None else self.configured.replace("_", "-")

    @cached_property
    def row(self) -> CatalogueRow:
        """What the catalogue says of it."""
        return catalogue()[self.id] if self._row is None else self._row

    @cached_property
    def documentation(self) -> Documentation:
        """The parts of its docstring.

        Raises ``ValueError`` if the docstring has not the five paragraphs it must have.
        """
        paragraphs = [" ".join(p.split()) for p in cleandoc(self.check.__doc__ or "").split("\n\n")]
        if len(paragraphs) != 5:
            raise ValueError(f"{self.id}: the docstring has {len(paragraphs)} paragraphs, not 5")
        summary, *parts = paragraphs
        texts = []
        for paragraph, headings in zip(parts, _PARTS, strict=True):
            if not paragraph.startswith(headings):
                raise ValueError(f"{self.id}: {paragraph[:20]!r} should begin with {headings[0]!r}")
            heading = next(each for each in headings if paragraph.startswith(each))
            texts.append(paragraph.removeprefix(heading))
        return Documentation(summary, *texts)


RULES: dict[str, Rule] = {}
"""All rules whose modules were imported, by ID; `pmiptrace.rules.registry` imports them all."""


class Declaration(TypedDict, total=False):
    """What a rule may declare besides the steps that it judges.

    The first four tell which messages it is for, and the engine decides them once per shape of
    message. The next five spare calls and change no verdict.
    """

    options: int | Iterable[int]
    """Numbers of options of which the message must have one."""
    unless: int | Iterable[int]
    """Numbers of options that settle the rule by being there: it is kept then."""
    repeated: bool
    """It is about repeated `options` alone."""
    given: Callable[[Shape], Need] | None
    """Anything else that the `Shape` tells."""
    when: int
    """Joined facts of `pmiptrace.rules.situation` without any of which it has nothing to say."""
    kept_when: int
    """Joined facts that together mean that it is kept."""
    by_content: str | None
    """Of a rule about one option: nothing but its octets matters as long as they are in order,
    those of the `FIRST` such option or of `EACH`. The engine remembers what was in order."""
    by_places: bool
    """The same of the numbers and places of all options."""
    by_echo: int | Iterable[int]
    """Options which keep the rule where the reply and its request both have them, and they are
    equal."""
    configured: str | None
    """A field of `RuleOptions` that the rule depends on: it is called with the options as a second
    argument, and left out while a field that is a switch is off."""
    once: str | None
    """Joins its findings to one per ``capture`` or per ``peer``, the sender, which counts them."""


def rule(
    id: str,  # noqa: A002
    *,
    on: str | Iterable[str],
    **declared: Unpack[Declaration],
) -> Callable[[C], C]:
    """Register the function below as the rule of that catalogue ID.

    `on` names the steps that it judges: kinds of message (``"PBU"``), `ANY`, `REPLY`, `CLOCK`,
    `EVENT`, `UNDECODED` or `OFFLOAD`. What else it declares stands in `Declaration`.
    """

    def register(check: C) -> C:
        if id in RULES:
            raise TypeError(f"rule {id} is registered twice")
        RULES[id] = _made(id, check, on, declared)
        return check

    return register


def foreign_rule(
    row: CatalogueRow,
    *,
    on: str | Iterable[str],
    example: Callable[[], Example] | None = None,
    **declared: Unpack[Declaration],
) -> Callable[[Check], Rule]:
    """Make a rule, with a catalogue row of its own, of the function below; registers nothing.

    It is for the rules of plugins (`pmiptrace.plugins`). `example` gives its example when somebody
    asks for it; the rest is as with `rule`.
    """

    def make(check: Check) -> Rule:
        return _made(row.id, check, on, declared, row=row, example=example)

    return make


def _made(
    id: str,  # noqa: A002
    check: Check,
    on: str | Iterable[str],
    declared: Declaration,
    **origin: Any,
) -> Rule:
    return Rule(
        id,
        check,
        on=frozenset((on,) if isinstance(on, str) else on),
        options=_numbers(declared.get("options", ())),
        unless=_numbers(declared.get("unless", ())),
        repeated=declared.get("repeated", False),
        given=declared.get("given"),
        configured=declared.get("configured"),
        once=declared.get("once"),
        when=declared.get("when", 0),
        kept_when=declared.get("kept_when", 0),
        by_content=declared.get("by_content"),
        by_places=declared.get("by_places", False),
        by_echo=_numbers(declared.get("by_echo", ())),
        **origin,
    )


def _numbers(numbers: int | Iterable[int]) -> frozenset[int]:
    return frozenset((numbers,) if isinstance(numbers, int) else numbers)
