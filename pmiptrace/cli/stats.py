"""``pmiptrace stats``: latencies, rejections, signalling rate and use of paths."""

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
    Jobs,
    Lma,
    Mag,
    MobileNode,
    Output,
    ReadBy,
    ShortForm,
    Time,
    Timers,
    finish,
)
from pmiptrace.report.times import TimeFormat


def stats(
    captures: Captures,
    format: Annotated[  # noqa: A002
        ShortForm, typer.Option("--format", help="What to write it as.")
    ] = ShortForm.TEXT,
    output: Output = None,
    mobile_node: MobileNode = None,
    mag: Mag = None,
    lma: Lma = None,
    allow_empty: AllowEmpty = False,
    dialect: Dialect = "auto",
    engine: ReadBy = Engine.OWN,
    esp_sa: EspSa = None,
    esp_null: EspNull = False,
    timers: Timers = None,
    config: Config = None,
    time: Time = TimeFormat.UTC,
    jobs: Jobs = None,
) -> None:
    """Add up captures: latency of registrations and handovers, rejections, rate, use of paths.

    --mobile-node, --mag and --lma narrow what is counted.
    """
    from pmiptrace.cli.run import CapturesRequest
    from pmiptrace.cli.views import show_stats

    request = CapturesRequest(
        captures=tuple(captures),
        format=format.value,
        output=None if output == "-" else output,
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
    )
    finish(lambda: show_stats(request))
