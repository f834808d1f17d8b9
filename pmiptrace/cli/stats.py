"""``pmiptrace stats``: latencies, rejections, signalling rate and use of paths."""

from __future__ import annotations

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
    Output,
    ReadBy,
    ShortForm,
    ShortFormat,
    Time,
    Timers,
    finish,
    said,
)


def stats(
    captures: Captures,
    format: ShortFormat = ShortForm.TEXT,  # noqa: A002
    output: Output = None,
    mobile_node: MobileNode = None,
    mag: Mag = None,
    lma: Lma = None,
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
    """Add up captures: latency of registrations and handovers, rejections, rate, use of paths.

    --mobile-node, --mag and --lma narrow what is counted.
    """
    from pmiptrace.cli.run import CapturesRequest
    from pmiptrace.cli.views import show_stats

    given = said(allow_empty=allow_empty, dialect=dialect, timers=timers, time=time, jobs=jobs)
    request = CapturesRequest(
        captures=tuple(captures),
        format=format.value,
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
    finish(lambda: show_stats(request))
