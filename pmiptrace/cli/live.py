"""``pmiptrace live``: bindings and findings while they happen."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from pmiptrace.cli.analyze import BaselineFile, FailsOn, JudgedBy, Severities
from pmiptrace.cli.arguments import (
    AllowEmpty,
    Config,
    Dialect,
    Engine,
    EspNull,
    EspSa,
    Ignore,
    Isolated,
    Lma,
    Mag,
    MobileNode,
    NoPlugins,
    ReadBy,
    Select,
    Time,
    finish,
    said,
)

LIVE_EXIT_CODES = """\b
Ctrl-C ends the capture with the report that analyze gives; so do SIGTERM,
--duration and the end of a pipe.

Exit code, the first that applies:
    2  usage or configuration error, or what -w names cannot be written on
    3  an interface cannot be captured on or went away, or the pipe has no
       capture; what was seen until then is reported
    1  findings at or above --fail-on, or the one of --until-finding
    4  not one Mobility Header message
    0  none of that
Besides: 130 if Ctrl-C came twice, 141 if the reader of the output went away,
70 for a fault in pmiptrace itself."""


class LiveForm(StrEnum):
    """What a live capture is shown as."""

    TEXT = "text"
    JSONL = "jsonl"


def live(
    interface: Annotated[
        list[str] | None,
        typer.Option(
            "-i",
            "--interface",
            metavar="IFACE|-",
            help="Capture here, by dumpcap; - reads a capture from standard input. Repeatable.",
        ),
    ] = None,
    list_interfaces: Annotated[
        bool,
        typer.Option("--list", help="List the interfaces, and what permission is missing."),
    ] = False,
    capture_filter: Annotated[
        str | None,
        typer.Option(
            "--filter",
            metavar="FILTER",
            help="Capture by this filter (pcap-filter) instead of one for all signalling.",
            show_default=False,
        ),
    ] = None,
    buffer: Annotated[
        int | None,
        typer.Option(min=1, metavar="MIB", help="Have the kernel buffer so much per interface."),
    ] = None,
    write: Annotated[
        str | None,
        typer.Option("-w", "--write", metavar="FILE", help="Keep what is captured in this file."),
    ] = None,
    ring: Annotated[
        str | None,
        typer.Option(
            metavar="FILES:MB", help="Keep it in so many files of so many MB, the newest; with -w."
        ),
    ] = None,
    duration: Annotated[
        str | None, typer.Option(metavar="TIME", help="End after this time: 30s, 10min, 8h.")
    ] = None,
    until_finding: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE,...",
            help="End with exit code 1 at the first finding that this means, as for --select,"
            " unless it is inconclusive. Repeatable.",
        ),
    ] = None,
    format: Annotated[  # noqa: A002
        LiveForm,
        typer.Option(
            "--format",
            help="text: a screen on a terminal, else a line for each thing that happens; jsonl:"
            " the lines of analyze.",
        ),
    ] = LiveForm.TEXT,
    tui: Annotated[
        bool,
        typer.Option("--tui", help="Show it full-screen, to look into while it runs; see tui."),
    ] = False,
    select: Select = None,
    ignore: Ignore = None,
    fail_on: FailsOn = None,
    severity: Severities = None,
    baseline: BaselineFile = None,
    mobile_node: MobileNode = None,
    mag: Mag = None,
    lma: Lma = None,
    allow_empty: AllowEmpty = None,
    dialect: Dialect = None,
    engine: ReadBy = Engine.OWN,
    extcap: Annotated[
        list[str] | None,
        typer.Option(
            metavar="INTERFACE.OPTION=VALUE",
            help="Set an option of an extcap interface, with --engine tshark. Repeatable.",
        ),
    ] = None,
    esp_sa: EspSa = None,
    esp_null: EspNull = False,
    timers: JudgedBy = None,
    config: Config = None,
    isolated: Isolated = False,
    time: Time = None,
    no_plugins: NoPlugins = False,
) -> None:
    """Capture, and show bindings, exchanges and findings as they come; then report like analyze.

    Lifetimes run out on the clock, not at the next packet.
    """

    def work() -> int:
        from pmiptrace.cli.watching import LiveRequest, show_interfaces, watch

        request = LiveRequest(
            interfaces=tuple(interface or ()),
            capture_filter=capture_filter,
            buffer=buffer,
            write=write,
            ring=ring,
            duration=duration,
            until_finding=tuple(until_finding or ()),
            format=format.value,
            tui=tui,
            given=said(
                select=select,
                ignore=ignore,
                fail_on=fail_on,
                severity=severity,
                baseline=baseline,
                allow_empty=allow_empty,
                dialect=dialect,
                timers=timers,
                time=time,
            ),
            config=config,
            isolated=isolated,
            mobile_node=mobile_node,
            mag=mag,
            lma=lma,
            engine=engine.value,
            extcap=tuple(extcap or ()),
            esp_sa=tuple(esp_sa or ()),
            esp_null=esp_null,
        )
        return show_interfaces(request) if list_interfaces else watch(request)

    finish(work)
