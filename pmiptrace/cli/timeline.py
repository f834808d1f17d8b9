"""``pmiptrace timeline``: call flows as ladders, and bindings over time."""

from __future__ import annotations

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
    Isolated,
    Jobs,
    Lma,
    Mag,
    MobileNode,
    NoPlugins,
    ReadBy,
    Time,
    Timers,
    finish,
    said,
)


def timeline(
    captures: Captures,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write to this file, whole or not at all: as SVG if its name ends in .svg.",
        ),
    ] = None,
    mobile_node: MobileNode = None,
    mag: Mag = None,
    lma: Lma = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            metavar="N",
            help="Show so many sessions at most. Default: 5, or 20 with --mobile-node.",
            show_default=False,
        ),
    ] = None,
    allow_empty: AllowEmpty = None,
    dialect: Dialect = None,
    engine: ReadBy = Engine.OWN,
    esp_sa: EspSa = None,
    esp_null: EspNull = False,
    timers: Timers = None,
    config: Config = None,
    isolated: Isolated = False,
    time: Time = None,
    jobs: Jobs = None,
    no_plugins: NoPlugins = False,
) -> None:
    """Draw the call flow of mobile nodes as a ladder, and their bindings over time.

    Those with the gravest findings come first, then those with most signalling.
    """
    from pmiptrace.cli.run import CapturesRequest
    from pmiptrace.cli.views import show_timeline

    given = said(allow_empty=allow_empty, dialect=dialect, timers=timers, time=time, jobs=jobs)
    request = CapturesRequest(
        captures=tuple(captures),
        output=None if output == "-" else output,
        mobile_node=mobile_node,
        mag=mag,
        lma=lma,
        given=given,
        engine=engine.value,
        esp_sa=tuple(esp_sa or ()),
        esp_null=esp_null,
        config=config,
        isolated=isolated,
    )
    finish(lambda: show_timeline(request, limit=limit))
