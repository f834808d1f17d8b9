"""``pmiptrace rules``: the list of rules, for looking up."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pmiptrace.cli.arguments import NoPlugins, Output, ShortForm, ShortFormat


class Graded(StrEnum):
    """How grave it is to break a rule."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NOTE = "note"


class Accused(StrEnum):
    """Who can be at fault."""

    MAG = "MAG"
    LMA = "LMA"


class Confidence(StrEnum):
    """What has to be seen to decide."""

    PACKET = "packet"
    EXCHANGE = "exchange"
    SESSION = "session"


def rules(
    rule: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RULE",
            help="Rules as --select takes them: RFC8278-4.1-BO-EXCLUSIVE, RFC8278-4.1, RFC8278.",
            show_default=False,
        ),
    ] = None,
    rfc: Annotated[
        list[int] | None, typer.Option(metavar="NUMBER", help="Only rules of this RFC. Repeatable.")
    ] = None,
    severity: Annotated[
        list[Graded] | None, typer.Option(help="Only rules that are as grave. Repeatable.")
    ] = None,
    party: Annotated[
        list[Accused] | None,
        typer.Option(case_sensitive=False, help="Only rules that can accuse this party."),
    ] = None,
    confidence: Annotated[
        list[Confidence] | None, typer.Option(help="Only rules that need to see so much.")
    ] = None,
    keyword: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD",
            help='Only rules with this keyword: MUST, "MUST NOT", SHOULD, none. Repeatable.',
        ),
    ] = None,
    message: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="Only rules that judge PBU, BRI ... Repeatable."),
    ] = None,
    contains: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Only rules that speak of all these words.")
    ] = None,
    format: ShortFormat = ShortForm.TEXT,  # noqa: A002
    output: Output = None,
    no_plugins: NoPlugins = False,
) -> None:
    """List the rules; JSON has all that `explain` says of each but its example."""
    from pmiptrace.cli.tables import show
    from pmiptrace.report.rule_list import Wanted, listed, write_rules

    groups = (
        tuple(rule or ()),
        tuple(f"RFC{number}" for number in rfc or ()),
    )
    wanted = Wanted(
        selectors=tuple(filter(None, groups)),
        severities=frozenset(each.value for each in severity or ()),
        parties=frozenset(each.value for each in party or ()),
        confidences=frozenset(each.value for each in confidence or ()),
        keywords=frozenset(each if each == "none" else each.upper() for each in keyword or ()),
        messages=frozenset(each.upper() for each in message or ()),
        words=contains,
    )
    show(lambda: listed(wanted), write_rules, format.value, output)
