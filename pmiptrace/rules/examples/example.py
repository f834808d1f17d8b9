"""What an example of a rule is: plays that break it, and plays close to them that do not."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from pmiptrace.model import Severity, Status
from pmiptrace.rules.examples.stage import Play
from pmiptrace.rules.rule import RuleOptions


class Example(Struct, kw_only=True):
    """Plays that show what a rule says and what it does not say."""

    fires: list[Play]
    """Each breaks the rule once. The first is the plainest: `explain` shows it."""
    silent: list[Play]
    """Each comes close to one of these, and keeps the rule."""
    unclear: list[Play] = []
    """The rule may be inconclusive here; it must not accuse."""
    lesser: list[tuple[Play, Severity]] = []
    """It fires with another severity than the catalogue's."""
    status: Status = Status.FAIL
    party: str | None = None
    """The role that is accused, where the catalogue leaves it to the message."""
    options: RuleOptions | None = None
    """What has to be set for it; None for the defaults."""


EXAMPLES: dict[str, Example] = {}
"""By rule ID, those of the modules imported so far; `pmiptrace.rules.examples` imports them all."""


def example(rule: str, **parts: Any) -> None:
    """Give the example of a rule; `parts` are those of `Example`."""
    if rule in EXAMPLES:
        raise TypeError(f"rule {rule} has two examples")
    EXAMPLES[rule] = Example(**parts)
