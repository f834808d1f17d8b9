"""Ladders and lanes as SVG: plain shapes and text, without scripts, fonts or links.

`ladder_svg` and `lanes_svg` each give one ``<svg>`` element, to stand in a page or in a file. It
takes its colours from CSS variables. A page that shows several gives `STYLE` once; a file of its
own is made by `document`, which brings the style with it. Both follow the colour scheme that the
reader prefers.
"""

from pmiptrace.report.svg.drawing import PALETTE, RULES, STYLE, Picture, document, heading, svg
from pmiptrace.report.svg.ladder import ladder_picture, ladder_svg
from pmiptrace.report.svg.lanes import lanes_picture, lanes_svg

__all__ = [
    "PALETTE",
    "RULES",
    "STYLE",
    "Picture",
    "document",
    "heading",
    "ladder_picture",
    "ladder_svg",
    "lanes_picture",
    "lanes_svg",
    "svg",
]
