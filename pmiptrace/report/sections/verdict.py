"""The answer, in a line."""

from __future__ import annotations

from pmiptrace.model import Severity
from pmiptrace.report.page import Part
from pmiptrace.report.style import DOUBTFUL, GOOD, INCONCLUSIVE, MUTED, SEVERITY, STRONG
from pmiptrace.report.view import View
from pmiptrace.report.words import count, counted, known_words, nothing_found, party_name, word

_SILENCE = (
    "the filter: does it let through `ip6 proto 135 or udp port 5436`, fragments and tunnels?",
    "IPsec: signalling in ESP takes --esp-null if it is not encrypted, else --engine tshark and"
    " --esp-sa with its keys.",
    "the place: PBU and PBA run between MAG and LMA, not on the access side.",
    "the link type and the tunnel: packets that Wireshark shows with the filter `mipv6`, such as"
    " those in VXLAN, ERSPAN or GTP, are read with --engine tshark.",
)
"""Why a capture may hold no signalling, the most frequent reason first."""


def write_verdict(view: View) -> None:
    """Write how many findings there are and which is the worst, or that there is none."""
    digest, page = view.digest, view.page
    page.blank()
    _write_interruption(view)
    judged = checks(view)
    doubts: list[Part] = []
    if digest.inconclusive:
        doubts.append((f"{count(digest.inconclusive)} inconclusive", INCONCLUSIVE))
    if is_unmatched(view):
        page.line(("Nothing matches", DOUBTFUL), f" {view.options.narrowness}.")
        return
    if not digest.failures:
        answer = (nothing_found(digest.suppressed), f"{STRONG} {GOOD}")
        parts: list[Part] = [answer, *doubts, judged]
        page.line(*_commas(parts), ".")
        return
    parts = []
    for severity in Severity:
        if number := digest.severities[severity]:
            name = severity.value if severity is Severity.INFO else word(number, severity.value)
            parts.append((f"{count(number)} {name}", SEVERITY[severity]))
    worst = digest.failures[0].parties[0]
    page.line(
        *_commas([*parts, *doubts]),
        ". Worst: ",
        (worst.rule, STRONG),
        f", {party_name(worst.party)}, {view.frame(worst.findings[0].moment)}.",
    )


def is_unmatched(view: View) -> bool:
    """Tell whether what the report was narrowed to is not in the captures."""
    digest = view.digest
    return bool(view.options.narrowness) and not (
        digest.session_totals.count or digest.totals.count
    )


def write_suppressed(view: View) -> None:
    """Write how many findings are left out because they are known, if there are any."""
    if words := known_words(view.digest.suppressed, view.report.baseline):
        view.page.line((f"{words}.", MUTED))


def checks(view: View) -> str:
    """Say how much was judged: what a clean verdict is worth."""
    judged = sum(rule.judged for rule in view.report.rules)
    rules = sum(1 for rule in view.report.rules if rule.judged)
    messages = counted(view.report.messages, "message")
    return f"{counted(judged, 'check')} of {counted(rules, 'rule')} on {messages}"


def write_silence(view: View) -> None:
    """Write that there was no signalling at all, and what may be the reason."""
    infos, page = view.report.captures, view.page
    page.blank()
    _write_interruption(view)
    if not any(info.format for info in infos):
        page.line(("Nothing was analyzed", DOUBTFUL), ": no capture could be read.")
        return
    packets = sum(info.packets for info in infos)
    where = infos[0].path if len(infos) == 1 else counted(len(infos), "capture")
    page.line(
        ("No Mobility Header message", DOUBTFUL), f" in {where}; {counted(packets, 'packet')} read."
    )
    if packets:
        page.line("What to check:")
        for reason in _SILENCE:
            page.line(f"- {reason}", indent=2)


def _write_interruption(view: View) -> None:
    if view.report.interrupted:
        view.page.line(("Interrupted: this is what was found so far.", DOUBTFUL))


def _commas(parts: list[Part]) -> list[Part]:
    result: list[Part] = []
    for part in parts:
        result += [", ", part] if result else [part]
    return result
