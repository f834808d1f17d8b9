"""All rules of the project. Importing this module imports, and so registers, every one of them."""

from __future__ import annotations

from pmiptrace.rules import (
    diagnostics,
    rfc4283,
    rfc5213_pba,
    rfc5213_pba_session,
    rfc5213_pbu,
    rfc5213_pbu_session,
    rfc5648,
    rfc5844,
    rfc5844_session,
    rfc5844_transport,
    rfc5845,
    rfc5846,
    rfc5847,
    rfc6275,
    rfc6275_session,
    rfc6543,
    rfc6602,
    rfc6757,
    rfc7077,
    rfc7148,
    rfc7222,
    rfc7864,
    rfc8127,
    rfc8278,
    rfc8278_session,
)
from pmiptrace.rules.rule import RULES, Rule

MODULES = (
    rfc8278,
    rfc8278_session,
    rfc6275,
    rfc6275_session,
    rfc4283,
    rfc5213_pbu,
    rfc5213_pbu_session,
    rfc5213_pba,
    rfc5213_pba_session,
    rfc6543,
    rfc5846,
    rfc5847,
    rfc7077,
    rfc7864,
    rfc5844,
    rfc5844_session,
    rfc5844_transport,
    rfc5845,
    rfc6602,
    rfc7148,
    rfc8127,
    rfc7222,
    rfc6757,
    rfc5648,
    diagnostics,
)


def all_rules() -> tuple[Rule, ...]:
    """Give every rule, in the order of their registration."""
    return tuple(RULES.values())
