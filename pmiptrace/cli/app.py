"""The program ``pmiptrace`` and its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from pmiptrace.cli import export
from pmiptrace.cli.analyze import AnalyzeCommand, analyze
from pmiptrace.cli.arguments import VIEW_EXIT_CODES
from pmiptrace.cli.bindings import bindings
from pmiptrace.cli.codes import codes
from pmiptrace.cli.config import config
from pmiptrace.cli.crosscheck import CROSSCHECK_EXIT_CODES, crosscheck
from pmiptrace.cli.dissect import DISSECT_EXIT_CODES, dissect
from pmiptrace.cli.doctor import DOCTOR_EXIT_CODES, doctor
from pmiptrace.cli.explain import explain
from pmiptrace.cli.live import LIVE_EXIT_CODES, live
from pmiptrace.cli.options import options
from pmiptrace.cli.rules import rules
from pmiptrace.cli.states import states
from pmiptrace.cli.stats import stats
from pmiptrace.cli.timeline import timeline
from pmiptrace.cli.tui import TUI_EXIT_CODES, tui

# Help and usage errors are plain text: importing rich for them would triple the start-up time.
app = typer.Typer(
    name="pmiptrace",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=AnalyzeCommand, short_help="Report who broke which rule, and the bindings.")(
    analyze
)
app.command(short_help="Capture, and show what happens as it does.", epilog=LIVE_EXIT_CODES)(live)
app.command(short_help="Look through captures full-screen.", epilog=TUI_EXIT_CODES)(tui)
app.command(
    short_help="List the messages, or show every field of some.", epilog=DISSECT_EXIT_CODES
)(dissect)
app.command(
    short_help="Draw call flows as ladders, and bindings over time.", epilog=VIEW_EXIT_CODES
)(timeline)
app.command(short_help="Show the binding cache at a moment.", epilog=VIEW_EXIT_CODES)(bindings)
app.command(
    short_help="Add up latencies, rejections, rate and use of paths.", epilog=VIEW_EXIT_CODES
)(stats)
app.command(
    short_help="Compare with what tshark decodes, field by field.", epilog=CROSSCHECK_EXIT_CODES
)(crosscheck)
app.command(short_help="Show what is set, and where.")(config)
app.command(short_help="Explain a rule, an option, a status, a state.")(explain)
app.command(short_help="List the rules.")(rules)
app.command(short_help="Look up mobility options.")(options)
app.command(short_help="Look up status codes and other numbers.")(codes)
app.command(short_help="Look up the states of a binding.")(states)
app.command(
    short_help="Say what this machine has, and what to do about what it lacks.",
    epilog=DOCTOR_EXIT_CODES,
)(doctor)
app.add_typer(export.app, short_help="Write captures anew, for others and for Wireshark.")


def _version(wanted: bool) -> None:
    if wanted:
        from pmiptrace.capture.scanner import VARIABLE, scanner
        from pmiptrace.errors import UsageError
        from pmiptrace.report.version import version

        try:
            typer.echo(f"pmiptrace {version()} ({scanner().name} scan)")
        except UsageError as error:
            raise typer.BadParameter(str(error), param_hint=VARIABLE) from error
        raise typer.Exit


@app.callback()
def pmiptrace(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Dissector and trace analyzer for Proxy Mobile IPv6 and RFC 8278 multipath bindings."""
