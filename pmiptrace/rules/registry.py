"""All rules of the project. Importing this module imports, and so registers, every one of them."""

from __future__ import annotations

from pmiptrace.rules import (
    diagnostics,
    rfc4283,
    rfc5213_pba,
    rfc5213_pbu,
    rfc6275,
    rfc6543,
    rfc8278,
    rfc8278_session,
)
from pmiptrace.rules.rule import RULES, Rule

MODULES = (
    rfc8278,
    rfc8278_session,
    rfc6275,
    rfc4283,
    rfc5213_pbu,
    rfc5213_pba,
    rfc6543,
    diagnostics,
)


def all_rules() -> tuple[Rule, ...]:
    """Give every rule, in the order of their registration."""
    return tuple(RULES.values())
