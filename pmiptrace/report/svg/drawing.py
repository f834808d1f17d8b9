"""The elements that drawings are made of, and the style that they share.

Whatever text comes in is escaped here, and nowhere else. Coordinates are CSS pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from msgspec import Struct

from pmiptrace.model import BindingState, Severity
from pmiptrace.report.escaping import clean

_LIGHT = {
    "ink": "#1f2328",
    "muted": "#656d76",
    "line": "#b3bac2",
    "ground": "#ffffff",
    "band": "#f6f8fa",
    "good": "#116329",
    "bad": "#b3141f",
    "doubtful": "#7d4e00",
    "info": "#0a5a9c",
    "replaced": "#6639ba",
}
_DARK = {
    "ink": "#e6edf3",
    "muted": "#9198a1",
    "line": "#4b535d",
    "ground": "#0d1117",
    "band": "#161b22",
    "good": "#56d364",
    "bad": "#ff7b72",
    "doubtful": "#e3b341",
    "info": "#79c0ff",
    "replaced": "#d2a8ff",
}


def _variables(colours: dict[str, str]) -> str:
    return " ".join(f"--pmip-{name}: {value};" for name, value in colours.items())


PALETTE = (
    f":root {{ color-scheme: light dark; {_variables(_LIGHT)} }}\n"
    f"@media (prefers-color-scheme: dark) {{ :root {{ {_variables(_DARK)} }} }}"
)
"""CSS that sets the variables of the colours, by the scheme that the reader prefers. A page with a
switch of its own sets them instead: ``--pmip-ink``, ``-muted``, ``-line``, ``-ground``, ``-band``,
``-good``, ``-bad``, ``-doubtful``, ``-info``, ``-replaced``."""

RULES = """\
.pmip { background: var(--pmip-ground); font: 12px/1.4 ui-monospace, "SFMono-Regular", Menlo, \
Consolas, "DejaVu Sans Mono", monospace; }
.pmip text { fill: var(--pmip-ink); }
.pmip .strong { font-weight: 700; }
.pmip .muted { fill: var(--pmip-muted); }
.pmip .good { fill: var(--pmip-good); }
.pmip .bad { fill: var(--pmip-bad); }
.pmip .doubtful { fill: var(--pmip-doubtful); }
.pmip .info { fill: var(--pmip-info); }
.pmip .replaced { fill: var(--pmip-replaced); }
.pmip .life { stroke: var(--pmip-line); fill: none; }
.pmip .dotted { stroke-dasharray: 2 4; }
.pmip .dashed { stroke-dasharray: 6 4; }
.pmip .arrow { stroke: var(--pmip-ink); fill: none; stroke-width: 1.3; }
.pmip .tip { fill: var(--pmip-ink); }
.pmip .arrow.good, .pmip .edge.good { stroke: var(--pmip-good); fill: none; }
.pmip .arrow.bad, .pmip .edge.bad { stroke: var(--pmip-bad); fill: none; }
.pmip .arrow.doubtful, .pmip .edge.doubtful { stroke: var(--pmip-doubtful); fill: none; }
.pmip .arrow.info, .pmip .edge.info { stroke: var(--pmip-info); fill: none; }
.pmip .arrow.replaced, .pmip .edge.replaced { stroke: var(--pmip-replaced); fill: none; }
.pmip .arrow.muted, .pmip .edge.muted { stroke: var(--pmip-muted); fill: none; }
.pmip .band { fill: var(--pmip-band); }
.pmip .halo { fill: var(--pmip-ground); }
.pmip .soft { fill-opacity: 0.25; }
"""
"""CSS of the drawings; it names no colour but those of `PALETTE`."""

STYLE = f"{PALETTE}\n{RULES}"
"""All the CSS that a page needs which takes its colours from the drawings."""

CHARACTER = 7.3
"""Width of a character of the 12-pixel monospaced font, at most."""
MARGIN = 16
"""What is left free at the edges."""
LINE = 18
"""Height of a line of text."""

STATE_CLASS = {
    BindingState.PENDING: "doubtful",
    BindingState.ACTIVE: "good",
    BindingState.REFRESHING: "good",
    BindingState.DEREG_PENDING: "doubtful",
    BindingState.DEREG_WAIT: "muted",
    BindingState.NONE: "muted",
    BindingState.EXPIRED: "bad",
    BindingState.REPLACED: "replaced",
    BindingState.REJECTED: "bad",
    BindingState.REVOKING: "doubtful",
    BindingState.REVOKED: "bad",
    BindingState.ASSUMED: "info",
    BindingState.SUSPECT: "bad",
    BindingState.PENDING_TIMEOUT: "doubtful",
}
"""The class that gives a state its colour; its name stands beside it in text."""

SEVERITY_CLASS = {
    Severity.ERROR: "bad",
    Severity.WARNING: "doubtful",
    Severity.INFO: "info",
}


class Picture(Struct, frozen=True):
    """The inner part of a drawing, and how large it is."""

    width: int
    height: int
    body: str
    title: str
    """What it shows, in a line."""


def escaped(text: str) -> str:
    """Give text as it may stand in an element or an attribute."""
    return escape(clean(text), quote=True)


def text(x: float, y: float, content: str, style: str = "", *, anchor: str = "start") -> str:
    """Write a line of text; `y` is its base line."""
    kind = f' class="{style}"' if style else ""
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:g}" y="{y:g}"{kind}{place}>{escaped(content)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """Draw a straight line."""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="{style}"/>'


def rectangle(x: float, y: float, width: float, height: float, style: str) -> str:
    """Draw a filled rectangle."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{max(width, 0):g}" height="{height:g}" class="{style}"/>'
    )


def polygon(points: Iterable[tuple[float, float]], style: str) -> str:
    """Draw a filled polygon."""
    corners = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polygon points="{corners}" class="{style}"/>'


def group(title: str, *parts: str) -> str:
    """Put shapes together under what a pointer that rests on them, or a voice, tells."""
    return f"<g><title>{escaped(title)}</title>{''.join(parts)}</g>"


def middle_cut(content: str, room: float) -> str:
    """Shorten a text in the middle to a width; whoever uses it gives the whole in a title."""
    most = max(int(room / CHARACTER), 5)
    if len(content) <= most:
        return content
    head = (most - 1) // 2
    return f"{content[:head]}…{content[len(content) - (most - 1 - head) :]}"


def svg(picture: Picture, *, style: str = "") -> str:
    """Give a picture as an element that a page or a file can hold."""
    css = f"<style>{style}</style>" if style else ""
    width, height = picture.width, picture.height
    title = escaped(picture.title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="pmip" role="img" aria-label="{title}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f"<title>{title}</title>{css}{picture.body}</svg>"
    )


def heading(title: str, facts: Iterable[str]) -> Picture:
    """Write the title of what follows, and facts about it below."""
    parts = [text(MARGIN, 2 * LINE, title, "strong")]
    words = " · ".join(filter(None, facts))
    parts.append(text(MARGIN, 3 * LINE, words, "muted"))
    width = 2 * MARGIN + max(len(title), len(words)) * CHARACTER
    return Picture(round(width), round(3.6 * LINE), "".join(parts), title)


def stacked(pictures: Sequence[Picture], title: str) -> Picture:
    """Put pictures one below the other."""
    top, parts = 0, []
    for picture in pictures:
        parts.append(f'<g transform="translate(0 {top})">{picture.body}</g>')
        top += picture.height
    width = max((picture.width for picture in pictures), default=1)
    return Picture(width, max(top, 1), "".join(parts), title)


def document(pictures: Sequence[Picture], title: str) -> str:
    """Give a file of its own that shows pictures one below the other, in either colour scheme."""
    whole = stacked(pictures, title)
    ground = rectangle(0, 0, whole.width, whole.height, "halo")
    framed = Picture(whole.width, whole.height, ground + whole.body, title)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{svg(framed, style=STYLE)}\n'
