"""``pmiptrace analyze``: from captures to bindings, findings and a report."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pmiptrace.cli.arguments import (
    AllowEmpty,
    Captures,
    Config,
    Dialect,
    Engine,
    EspNull,
    EspSa,
    Jobs,
    Lma,
    Mag,
    MobileNode,
    ReadBy,
    Time,
    finish,
)
from pmiptrace.cli.outputs import ORDER, outputs
from pmiptrace.report.formats import FORMATS, format_named
from pmiptrace.report.times import TimeFormat


class FailOn(StrEnum):
    """The mildest finding that makes the command fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"


_WIDTH = max(len(form.name) for form in FORMATS)
EPILOG = "\n".join(
    (
        "\b",
        "Formats:",
        *(f"  {form.name:{_WIDTH}}  {form.help}" for form in FORMATS),
        "Each --format may be followed by an -o of its own:",
        "  --format html -o report.html --format json -o report.json --format text",
        "",
        "",
    )
)
EPILOG += """\b
Exit code, the first that applies:
    2  usage or configuration error
    3  a capture cannot be opened or is no capture; the others are reported
    1  findings at or above --fail-on
    4  not one Mobility Header message in any capture
    0  none of that
  130  interrupted; what was found so far is reported
Besides: 141 if the reader of the output went away, 70 for a fault in
pmiptrace itself."""


def analyze(
    ctx: typer.Context,
    captures: Captures,
    format: Annotated[  # noqa: A002
        list[str] | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="What to write the report as, of the formats below. Repeatable. [default: text]",
        ),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write to this file, whole or not at all: the report of the --format before it.",
        ),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE",
            help="Report only this rule, or all that begin so: RFC8278, RFC8278-4.4. Repeatable.",
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="Leave out these rules, even if selected. Repeatable."),
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="The mildest violation that makes the exit code 1.")
    ] = FailOn.ERROR,
    mobile_node: MobileNode = None,
    mag: Mag = None,
    lma: Lma = None,
    allow_empty: AllowEmpty = False,
    dialect: Dialect = "auto",
    engine: ReadBy = Engine.OWN,
    esp_sa: EspSa = None,
    esp_null: EspNull = False,
    timers: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE,...",
            help="Judge by these times and limits: delete-delay=20s,update-rate=5. Repeatable.",
        ),
    ] = None,
    config: Config = None,
    time: Time = TimeFormat.UTC,
    coverage: Annotated[
        bool,
        typer.Option(
            "--coverage",
            help="List every rule with how often it was judged, in text, markdown and html.",
        ),
    ] = False,
    jobs: Jobs = None,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact", help="Put pseudonyms in place of names and addresses, in every format."
        ),
    ] = False,
    redact_key: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Redact by the key in this file, for the same pseudonyms in every run; else by"
            " PMIPTRACE_REDACT_KEY, or a random key.",
        ),
    ] = None,
) -> None:
    """Rebuild the bindings of captures and report what breaks which sentence of which RFC.

    State is always built on every message; --select, --ignore, --mobile-node, --mag and --lma
    narrow what is reported, and the exit code follows what is reported.
    """

    def work() -> int:
        names = [format_named(name).name for name in format or ()]
        wanted = outputs(ctx.meta[ORDER], names, output or ())
        from pmiptrace.cli.reporting import ReportRequest, write_reports

        request = ReportRequest(
            captures=tuple(captures),
            outputs=wanted,
            select=tuple(select or ()),
            ignore=tuple(ignore or ()),
            fail_on=None if fail_on is FailOn.NEVER else fail_on.value,
            mobile_node=mobile_node,
            mag=mag,
            lma=lma,
            allow_empty=allow_empty,
            dialect=dialect,
            engine=engine.value,
            esp_sa=tuple(esp_sa or ()),
            esp_null=esp_null,
            timers=tuple(timers or ()),
            config=config,
            time=time,
            jobs=jobs,
            coverage=coverage,
            redact=redact,
            redact_key=redact_key,
        )
        return write_reports(request)

    finish(work)
