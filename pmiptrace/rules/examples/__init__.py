"""The examples of the rules: for each, traces that break it, and traces close by that do not.

They are plays on a stage (`pmiptrace.rules.examples.stage`): the messages go through the project's
encoder and become frames. `pmiptrace explain` shows them, and the tests hold each rule against its
own. Nothing else needs them: importing this package imports none of its modules.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmiptrace.rules.examples.example import Example

MODULES = (
    "rfc8278",
    "rfc8278_session",
    "rfc6275",
    "rfc6275_session",
    "rfc5213_pbu",
    "rfc5213_pbu_session",
    "rfc5213_pba",
    "rfc5213_pba_session",
    "rfc5844",
    "rfc5845",
    "rfc5846",
    "rfc5847",
    "rfc7077",
    "extensions",
    "diagnostics",
)
"""Named as the modules of the rules; the RFCs with few rules share `extensions`."""


def examples() -> Mapping[str, Example]:
    """Give the examples of all rules, by rule ID; those of plugins if they can be had."""
    from pmiptrace.rules.examples.example import EXAMPLES, Example
    from pmiptrace.rules.rule import RULES

    for name in MODULES:
        import_module(f"{__name__}.{name}")
    found = dict(EXAMPLES)
    for identifier, rule in RULES.items():
        if rule.example is not None:
            with suppress(Exception):
                example = rule.example()
                if isinstance(example, Example):
                    found[identifier] = example
    return found
