"""``pmiptrace explain``: what is known of a rule, a section, a message, a state and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pmiptrace.cli.arguments import NoPlugins, Output, ShortForm, ShortFormat

if TYPE_CHECKING:
    from pmiptrace.report.explain import Meaning


def explain(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="RULE|SECTION|OPTION|MESSAGE|STATUS|STATE",
            help="RFC8278-4.1-BO-EXCLUSIVE, RFC8278-4.1, option 63, PBU, status 180, suspect ...",
            show_default=False,
        ),
    ],
    example: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write the example of the rule as a capture: pcapng, or pcap if it is named so.",
        ),
    ] = None,
    format: ShortFormat = ShortForm.TEXT,  # noqa: A002
    output: Output = None,
    no_plugins: NoPlugins = False,
) -> None:
    """Say what a rule checks, why, what the RFC says, what breaks it, and how to mend it.

    The same for what else is in hand: a section, with what it requires and what checks that; an
    option, a message, a status; a state, a mode or a kind of exchange as reports have them. A
    number or word that can be several of these is explained as each.
    """
    from pmiptrace.cli.tables import show
    from pmiptrace.report.explain import explanations, save_example
    from pmiptrace.report.explain_page import write_explanations

    def find() -> tuple[Meaning, ...]:
        found = explanations(what)
        if example is not None:
            save_example(found, example)
        return found

    show(find, write_explanations, format.value, output)
