"""Colours and signs of reports for people.

Only the 16 colours of every terminal, in the foreground, and none that is hard to read on a dark
or on a light one. Nothing is said by colour alone: a word or a sign of its own says it too.
"""

from __future__ import annotations

from msgspec import Struct

from pmiptrace.model import BindingState, Severity

STRONG = "bold"
MUTED = "dim"
GOOD = "green"
BAD = "red"
DOUBTFUL = "yellow"
INCONCLUSIVE = "magenta"

SEVERITY = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "cyan"}


class Look(Struct, frozen=True):
    """How a state is drawn: one sign where there is UTF-8, another where there is not."""

    sign: str
    plain: str
    colour: str
    final: bool = False
    """Whether the binding is gone with it: then it is drawn once, not for as long as it lasts."""


STATE = {
    BindingState.PENDING: Look("░", ".", "yellow"),
    BindingState.ACTIVE: Look("━", "=", "green"),
    BindingState.REFRESHING: Look("┿", "+", "green"),
    BindingState.DEREG_PENDING: Look("╌", "-", "yellow"),
    BindingState.DEREG_WAIT: Look("○", "o", "default", final=True),
    BindingState.NONE: Look("○", "o", "default", final=True),
    BindingState.EXPIRED: Look("◇", "e", "red", final=True),
    BindingState.REPLACED: Look(
        "\N{BOX DRAWINGS LIGHT DIAGONAL CROSS}", "X", "magenta", final=True
    ),
    BindingState.REJECTED: Look("✗", "#", "red", final=True),
    BindingState.REVOKING: Look("▒", "~", "yellow"),
    BindingState.REVOKED: Look("⊘", "v", "red", final=True),
    BindingState.ASSUMED: Look("┅", ":", "cyan"),
    BindingState.SUSPECT: Look("▚", "%", "red"),
    BindingState.PENDING_TIMEOUT: Look("?", "?", "yellow", final=True),
}

RULE_STATE = {
    "failed": Look("✗", "!", "bold red"),
    "inconclusive": Look("?", "?", INCONCLUSIVE),
    "passed": Look("✓", "+", GOOD),
    "untested": Look("○", "o", DOUBTFUL),
    "off": Look("·", "-", MUTED),
    "unobservable": Look("·", "-", MUTED),
    "unselected": Look("·", "-", MUTED),
}
"""How the state of a rule, or of a requirement, is drawn."""
