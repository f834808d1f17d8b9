"""A live capture as lines: one per exchange, change of a binding, and finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from rich.console import Console

from pmiptrace.address import address_text
from pmiptrace.analysis import Change, Event
from pmiptrace.model import Exchange, Finding, MagNode
from pmiptrace.report.digest import Run, care_of_address, first_moment, from_mag, reply_moment
from pmiptrace.report.live.situation import Situation
from pmiptrace.report.page import Page
from pmiptrace.report.sections.timeline import answer_text, request_words
from pmiptrace.report.times import Clock, TimeFormat, duration
from pmiptrace.report.words import frame_place, joined, mag_name, node_name, party_name
from pmiptrace.selection import mobile_node


class LiveLines:
    """Writes a line for each thing that happens, at once. Lines are not folded."""

    def __init__(self, stream: TextIO, form: TimeFormat, mags: Mapping[int, MagNode]) -> None:
        self._stream = stream
        self._page = Page(Console(file=stream, width=80))
        self._form = form
        self._mags = mags
        self._clock: Clock | None = None

    def event(self, event: Event) -> None:
        """Write what became known; messages alone, captures and sessions are not worth a line."""
        if isinstance(event, Exchange):
            moment = reply_moment(event) or first_moment(event)
            self._line(moment.time if moment else None, "exchange", *self._exchange(event))
        elif isinstance(event, Change):
            self._line(event.transition.moment.time, "binding", *_change(event))
        elif isinstance(event, Finding):
            self._line(event.moment.time, "finding", *_finding(event))

    def refresh(self, situation: Situation) -> None:
        """Do nothing: what the lines tell stays told."""

    def _line(self, time: int | None, *parts: str) -> None:
        if self._clock is None:
            # Times with their date: such lines are kept, and read on another day.
            self._clock = Clock(self._form, () if time is None else (time,))
        text = "  ".join((self._clock.moment(time, full=True), *filter(None, parts)))
        self._stream.write(self._page.literal(text) + "\n")
        self._stream.flush()

    def _exchange(self, exchange: Exchange) -> tuple[str, ...]:
        run, address, lma = Run((exchange,)), care_of_address(exchange), exchange.lma
        node = mobile_node(exchange.request, exchange.reply)
        mag = mag_name(self._mags.get(exchange.mag)) if exchange.mag is not None else ""
        arrow = "→" if from_mag(exchange) else "←"
        time = exchange.round_trip
        return (
            "" if node is None else str(node),
            " ".join(filter(None, (mag, "" if address is None else address_text(address)))),
            f"{arrow} {'?' if lma is None else address_text(lma)}",
            request_words(run),
            answer_text(self._page, run).plain,
            "" if time is None else f"after {duration(time)}",
        )


def _change(change: Change) -> tuple[str, ...]:
    binding, transition = change.binding, change.transition
    bid = "" if binding.bid is None else f"BID {binding.bid} "
    lifetime = f"for {binding.lifetime} s" if binding.state.is_live and binding.lifetime else ""
    return (
        node_name(change.session),
        f"{bid}{address_text(binding.care_of_address)}",
        f"{transition.before.value} → {transition.after.value}",
        lifetime,
    )


def _finding(finding: Finding) -> tuple[str, ...]:
    node = finding.mobile_node
    frames = [frame_place(finding.moment, 1)] if finding.moment.frame is not None else []
    return (
        f"{finding.severity.value} {finding.status.value}",
        finding.rule,
        party_name(finding.party),
        "" if node is None else str(node),
        f"frame {joined(frames)}" if frames else "",
        finding.message,
    )
