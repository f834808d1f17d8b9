"""Findings as metrics, for the textfile collector of Prometheus' node exporter."""

from __future__ import annotations

from collections import Counter

from pmiptrace.analysis import Event
from pmiptrace.model import Finding, Report, Status
from pmiptrace.report.formats import Target


class MetricsWriter:
    """Counts violations by rule, severity and the role of who is accused."""

    def __init__(self, target: Target) -> None:
        self._stream = target.stream
        self._violations: Counter[tuple[str, str, str]] = Counter()

    def event(self, event: Event) -> None:
        """Count a finding; what else becomes known is left aside."""
        if isinstance(event, Finding) and event.status is Status.FAIL and not event.suppression:
            key = (event.rule, event.severity.value, event.party.role)
            self._violations[key] += event.occurrences

    def finish(self, report: Report) -> None:
        """Write all at once. None of these texts comes from a capture, so none is escaped."""
        lines = [f"pmiptrace_messages {report.messages}"]
        for (rule, severity, party), count in sorted(self._violations.items()):
            labels = f'rule="{rule}",severity="{severity}",party="{party}"'
            lines.append(f"pmiptrace_violations{{{labels}}} {count}")
        self._stream.write("".join(f"{line}\n" for line in lines).encode())
