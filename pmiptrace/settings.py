"""The times and limits by which an analysis judges, and what a user may set them to.

`SETTINGS` is the one table of them. `pmiptrace.configuration` takes them from where users write
them: ``--timers NAME=VALUE``, the environment, or the table ``timers`` of a configuration file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from pmiptrace.errors import UsageError
from pmiptrace.model import MILLISECOND, SECOND
from pmiptrace.rules.rule import RuleOptions
from pmiptrace.track.timers import Timers

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

UNITS = {"h": HOUR, "min": MINUTE, "s": SECOND, "ms": MILLISECOND, "us": 1000, "ns": 1}
"""Units of time that a value can have, in nanoseconds; the longest first."""

_TIME = re.compile(rf"([0-9]{{1,15}}(?:\.[0-9]{{1,9}})?) ?({'|'.join(UNITS)})")
_COUNT = re.compile(r"[0-9]{1,9}")


def span(text: str) -> int | None:
    """Give the nanoseconds of a text such as ``10min``; None if it is none of that form."""
    found = _TIME.fullmatch(text)
    return int(Decimal(found[1]) * UNITS[found[2]]) if found else None


class Kind(Enum):
    """What values a setting takes."""

    TIME = "a time"
    """Written with its unit, such as ``500ms``; nanoseconds in the program."""
    COUNT = "a whole number"
    PERCENT = "a percentage"
    """Written with its sign, such as ``10%``."""
    SWITCH = "a switch"


class Setting(Struct, frozen=True):
    """One thing that can be set."""

    name: str
    """As the user writes it."""
    part: str
    """``timers`` or ``options``: the part of `Settings` that has it."""
    field: str
    """Its name in `Timers` or `RuleOptions`, which have the default."""
    kind: Kind
    low: int
    """The least value, in the unit of the program."""
    high: int
    source: str
    """The RFC and its section, and the name it has there; empty if no RFC speaks of it."""
    meaning: str

    @property
    def default(self) -> int:
        """The value if nobody sets it."""
        value: int = getattr(getattr(Settings(), self.part), self.field)
        return value

    @property
    def range(self) -> str:
        """What it takes, for people."""
        if self.kind is Kind.SWITCH:
            return "on or off"
        return f"{self.shown(self.low)} to {self.shown(self.high)}"

    def shown(self, value: int) -> str:
        """Write a value as the user would."""
        match self.kind:
            case Kind.TIME:
                fitting = (unit for unit in UNITS if value % UNITS[unit] == 0)
                unit = next(fitting) if value else "s"
                return f"{value // UNITS[unit]}{unit}"
            case Kind.PERCENT:
                return f"{value}%"
            case Kind.SWITCH:
                return "on" if value else "off"
            case _:
                return str(value)

    def read(self, value: object) -> int:
        """Give the value that a user wrote, as text or as TOML has it.

        Raises `UsageError` if it is not of the setting's kind or out of its range.
        """
        number = self._number(value)
        if number is None or not self.low <= number <= self.high:
            raise UsageError(f"{self._wanted}, not {written(value)}")
        return bool(number) if self.kind is Kind.SWITCH else number

    @property
    def _wanted(self) -> str:
        match self.kind:
            case Kind.SWITCH:
                return f"takes {self.range}"
            case Kind.TIME:
                return f"takes a time with its unit ({', '.join(UNITS)}), {self.range}"
            case _:
                return f"takes {self.kind.value}, {self.range}"

    def _number(self, value: object) -> int | None:
        if self.kind is Kind.SWITCH:
            known = {True: 1, False: 0, "on": 1, "off": 0}
            return known[value] if isinstance(value, bool | str) and value in known else None
        if self.kind is Kind.COUNT and type(value) is int:
            return value
        if not isinstance(value, str):
            return None
        if self.kind is Kind.TIME:
            return span(value)
        digits = value.removesuffix("%") if self.kind is Kind.PERCENT else value
        is_number = _COUNT.fullmatch(digits) and (self.kind is Kind.COUNT) == (digits == value)
        return int(digits) if is_number else None


class Settings(Struct, frozen=True):
    """All that was set, as an analysis takes it."""

    timers: Timers = Timers()
    options: RuleOptions = RuleOptions()


def _time(part: str, name: str, field: str, low: int, high: int, *texts: str) -> Setting:
    return Setting(name, part, field, Kind.TIME, low, high, *texts)


SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        _time(
            "timers", "answer", "answer", SECOND, HOUR,
            "RFC 6275 section 12, MAX_BINDACK_TIMEOUT",
            "After the last attempt of a request its answer is awaited so long.",
        ),
        _time(
            "timers", "late-answer", "late_answer", SECOND, 24 * HOUR,
            "",
            "So much longer an answer is still recognised as one, though late.",
        ),
        _time(
            "timers", "delete-delay", "delete_delay", 0, HOUR,
            "RFC 5213 section 9.1, MinDelayBeforeBCEDelete",
            "The LMA keeps a binding so long after its de-registration.",
        ),
        _time(
            "timers", "reordering", "reordering", 0, MINUTE,
            "",
            "An answer may stand so long before its request, in captures of several interfaces.",
        ),
        _time(
            "timers", "duplicate", "duplicate", 0, 10 * SECOND,
            "",
            "The same octets within this time are one message captured twice.",
        ),
        _time(
            "timers", "duplicate-elsewhere", "duplicate_elsewhere", 0, 10 * MINUTE,
            "",
            "The same, if a file, interface, hop limit or link address differs.",
        ),
        _time(
            "timers", "warmup", "warmup", 0, HOUR,
            "",
            "What came before the capture may have effects for so long.",
        ),
        _time(
            "timers", "forget", "forget", SECOND, 24 * HOUR,
            "",
            "A session without bindings is remembered so long, for what its MAG may not do again.",
        ),
        _time(
            "options", "grace", "grace", 0, MINUTE,
            "",
            "So long after a PBA the MAG may still have sent a message without knowing it.",
        ),
        _time(
            "options", "administrative-action", "administrative_action", 0, 24 * HOUR,
            "",
            "So long after a rejection somebody may have changed what made the LMA refuse.",
        ),
        _time(
            "options", "legacy-retry-window", "legacy_retry_window", 0, 24 * HOUR,
            "RFC 8278 section 4.4 names no time",
            "So long after its last binding went a MAG may ask an LMA for multipath again that did"
            " not support it.",
        ),
        _time(
            "options", "initial-timeout", "initial_timeout", MILLISECOND, MINUTE,
            "RFC 6275 section 12, INITIAL_BINDACK_TIMEOUT",
            "A PBU is repeated after so long for the first time, then after twice as long.",
        ),
        _time(
            "options", "first-registration-timeout", "first_registration_timeout",
            MILLISECOND, MINUTE,
            "RFC 6275 section 13, InitialBindackTimeoutFirstReg",
            "The same for a first registration. Up to twice the longer of the two and half a second"
            " after an answer, a peer that it did not reach may repeat its request.",
        ),
        _time(
            "options", "max-timeout", "max_timeout", MILLISECOND, HOUR,
            "RFC 6275 section 12, MAX_BINDACK_TIMEOUT",
            "The time between two attempts need not grow beyond.",
        ),
        Setting(
            "timer-tolerance", "options", "timer_tolerance", Kind.PERCENT, 0, 50,
            "",
            "A peer's timer may be off by so much: delays on the way vary.",
        ),
        Setting(
            "update-rate", "options", "update_rate", Kind.COUNT, 1, 10,
            "RFC 6275 section 12, MAX_UPDATE_RATE",
            "PBUs within a second for one mobile node.",
        ),
        _time(
            "timers", "timestamp-retry", "retry", SECOND, HOUR,
            "RFC 5213 section 6.9.1.2 names no time",
            "After status 157 a MAG has so long to register again.",
        ),
        Setting(
            "trust-clock", "options", "trust_clock", Kind.SWITCH, 0, 1,
            "RFC 5213 section 5.5",
            "Whether the capturing host's clock is right, so that timestamps are held against it.",
        ),
        _time(
            "options", "timestamp-window", "timestamp_window", 0, 24 * HOUR,
            "RFC 5213 section 9.1, TimestampValidityWindow",
            "With `trust-clock`, a timestamp may differ by so much from the time of capture.",
        ),
        Setting(
            "ipsec", "options", "ipsec", Kind.SWITCH, 0, 1,
            "RFC 5213 section 4",
            "Whether signalling in clear text is judged.",
        ),
        _time(
            "timers", "revocation-answer", "revocation_answer", SECOND, HOUR,
            "RFC 5846 section 11, more than all retries take",
            "After the last BRI its answer is awaited so long.",
        ),
        _time(
            "options", "revocation-delay-min", "revocation_delay_min", 0, MINUTE,
            "RFC 5846 section 11, the least for InitMINDelayBRIs",
            "A BRI is not repeated sooner.",
        ),
        _time(
            "options", "revocation-timeout-max", "revocation_timeout_max", MILLISECOND, HOUR,
            "RFC 5846 section 11, MAX_BRACK_TIMEOUT",
            "The time between two attempts of a BRI need not grow beyond.",
        ),
        Setting(
            "revocation-retries", "options", "revocation_retries", Kind.COUNT, 0, 100,
            "RFC 5846 section 11, BRIMaxRetriesNumber",
            "A BRI is repeated so often.",
        ),
        _time(
            "timers", "heartbeat-answer", "heartbeat_answer", 100 * MILLISECOND, HOUR,
            "",
            "A heartbeat without an answer for so long is missing.",
        ),
        Setting(
            "missing-heartbeats", "timers", "missing_heartbeats", Kind.COUNT, 0, 1000,
            "RFC 5847 section 5, MISSING_HEARTBEATS_ALLOWED",
            "One more missing heartbeat, and the peer is lost.",
        ),
        _time(
            "options", "heartbeat-interval-min", "heartbeat_interval_min", 0, 24 * HOUR,
            "RFC 5847 section 5, the least for HEARTBEAT_INTERVAL",
            "Heartbeats to one peer do not come closer to each other.",
        ),
        _time(
            "options", "heartbeat-interval-max", "heartbeat_interval_max", SECOND, 24 * HOUR,
            "RFC 5847 section 5, the most for HEARTBEAT_INTERVAL",
            "Nor are they further apart.",
        ),
        _time(
            "options", "notification-delay", "notification_delay", 0, HOUR,
            "RFC 7077 section 7, MIN_DELAY_BETWEEN_UPDATE_NOTIFICATION_REPLAY",
            "A UPN is repeated after so long.",
        ),
        _time(
            "options", "notification-delay-min", "notification_delay_min", 0, HOUR,
            "RFC 7077 section 7, the least for the above",
            "A UPN repeated sooner is wrong whatever the delay is configured to.",
        ),
        Setting(
            "notification-retries", "options", "notification_retries", Kind.COUNT, 0, 100,
            "RFC 7077 section 7, MAX_UPDATE_NOTIFICATION_RETRANSMIT_COUNT",
            "A UPN is repeated so often.",
        ),
        _time(
            "options", "registration-due", "reregistration", 0, HOUR,
            "RFC 7077 section 6.1 names no time",
            "After a UPN that asks for it, a MAG may take so long to register anew.",
        ),
        _time(
            "options", "registration-overdue", "reregistration_overdue", 0, HOUR,
            "RFC 7077 section 6.1 names no time",
            "From then on it is an error, if the MAG agreed to it.",
        ),
        _time(
            "timers", "registration-awaited", "registration", 0, HOUR,
            "RFC 7077 section 6.1 names no time",
            "If no PBU comes for so long after the UPN, its absence is reported.",
        ),
    )
}  # fmt: skip
"""All settings by name."""

ORDERED = (
    ("duplicate", "duplicate-elsewhere"),
    ("initial-timeout", "max-timeout"),
    ("heartbeat-interval-min", "heartbeat-interval-max"),
)
"""Of each pair, the second must not be less than the first."""


def setting(name: str) -> Setting:
    """Give a setting by its name; raises `UsageError` if there is none, with a suggestion."""
    if name not in SETTINGS:
        hint = suggestion(name, SETTINGS) or f"known: {', '.join(SETTINGS)}"
        raise UsageError(f"there is no setting {name!r}; {hint}")
    return SETTINGS[name]


def settings_of(values: Mapping[str, int]) -> Settings:
    """Give what an analysis takes of values by the names of their settings; others are as ever.

    Raises `UsageError` for two values that contradict each other.
    """
    _check_order(values)
    parts: dict[str, dict[str, int]] = {"timers": {}, "options": {}}
    for name, value in values.items():
        parts[SETTINGS[name].part][SETTINGS[name].field] = value
    return Settings(
        timers=replace(Timers(), **parts["timers"]),
        options=replace(RuleOptions(), **parts["options"]),
    )


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """Word which of the names that there are may have been meant; None if none is like it."""
    near = difflib.get_close_matches(name.lower().replace("_", "-"), list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else None


def _check_order(values: Mapping[str, int]) -> None:
    for lower, upper in ORDERED:
        if lower not in values and upper not in values:
            continue
        first, second = SETTINGS[lower], SETTINGS[upper]
        low, high = values.get(lower, first.default), values.get(upper, second.default)
        if low > high:
            raise UsageError(
                f"{upper} is {second.shown(high)}, and must not be less than {lower},"
                f" which is {first.shown(low)}"
            )


def written(value: object) -> str:
    """Write what a user wrote, as in the file or on the command line, and not all of a long one."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
