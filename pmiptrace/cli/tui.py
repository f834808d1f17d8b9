"""``pmiptrace tui``: captures full-screen, to look through with keys."""

from __future__ import annotations

from typing import Annotated

import typer

from pmiptrace.cli.analyze import BaselineFile, JudgedBy, Severities
from pmiptrace.cli.arguments import (
    AllowEmpty,
    Captures,
    Config,
    Dialect,
    Engine,
    EspNull,
    EspSa,
    Ignore,
    Isolated,
    Jobs,
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

TUI_EXIT_CODES = """\b
Exit code, the first that applies:
    2  usage or configuration error, no terminal, or textual is not installed
    3  a capture cannot be opened or is no capture
    4  not one Mobility Header message in any capture
    0  none of that, or left before all was read
Besides: 70 for a fault in pmiptrace itself."""


def tui(
    captures: Captures,
    filter: Annotated[  # noqa: A002
        str | None,
        typer.Option(
            "--filter",
            metavar="EXPR",
            help="List only mobile nodes with a message that meets this, as for dissect; the key f"
            " changes it.",
        ),
    ] = None,
    select: Select = None,
    ignore: Ignore = None,
    severity: Severities = None,
    baseline: BaselineFile = None,
    mobile_node: MobileNode = None,
    mag: Mag = None,
    lma: Lma = None,
    allow_empty: AllowEmpty = None,
    dialect: Dialect = None,
    engine: ReadBy = Engine.OWN,
    esp_sa: EspSa = None,
    esp_null: EspNull = False,
    timers: JudgedBy = None,
    config: Config = None,
    isolated: Isolated = False,
    time: Time = None,
    jobs: Jobs = None,
    no_plugins: NoPlugins = False,
) -> None:
    """Look through captures full-screen: mobile nodes, the call flow of one, a message with octets.

    What is found stands beside what it is about, with what to do. The screen is there at once;
    captures are read meanwhile. ? shows the keys. Needs textual: pip install 'pmiptrace[tui]'.
    """

    def work() -> int:
        from pmiptrace.cli.full_screen import TuiRequest, show_full_screen

        return show_full_screen(
            TuiRequest(
                captures=tuple(captures),
                filter=filter,
                given=said(
                    select=select,
                    ignore=ignore,
                    severity=severity,
                    baseline=baseline,
                    allow_empty=allow_empty,
                    dialect=dialect,
                    timers=timers,
                    time=time,
                    jobs=jobs,
                ),
                config=config,
                isolated=isolated,
                mobile_node=mobile_node,
                mag=mag,
                lma=lma,
                engine=engine.value,
                esp_sa=tuple(esp_sa or ()),
                esp_null=esp_null,
            )
        )

    finish(work)
