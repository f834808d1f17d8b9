"""The site that is made of these pages: ``sphinx-build -W docs build/site``.

The pages are plain Markdown that reads as well on a forge. What only a site needs is made here.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from sphinx.application import Sphinx

FOLDER = Path(__file__).parent.resolve()

project = "pmiptrace"
extensions = ["myst_parser"]
exclude_patterns = ["*.py"]
highlight_language = "none"
smartquotes = False  # or --option gets a dash
myst_heading_anchors = 4

html_theme = "furo"
html_title = "pmiptrace"
html_static_path = ["site"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False

FROM_ELSEWHERE = {
    "changes": FOLDER.parent / "CHANGELOG.md",
    "samples": FOLDER.parent / "samples" / "README.md",
}
"""Pages that stand elsewhere in the repository; what is in their place here points at them."""


def contents(docname: str, text: str) -> str:
    """Give Sphinx's table of contents: what the lists of `index` link to, and the pages of rules.

    A page that is in none is an orphan, of which Sphinx warns.
    """
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    if docname == "index":
        sections = [section.partition("\n") for section in text.split("\n## ")[1:]]
        lists = [
            ([f":caption: {title}"], re.findall(r"^- \[.*?\]\((\S+)\.md\)", section, re.MULTILINE))
            for title, _, section in sections
        ]
    else:
        lists = [([], list(dict.fromkeys(re.findall(r"\]\((rules/\w+)\.md", text))))]
    return "".join(
        "\n".join(["", "```{toctree}", ":hidden:", *title, "", *pages, "```", ""])
        for title, pages in lists
        if pages
    )


def prepare(app: Sphinx, docname: str, source: list[str]) -> None:
    """Change the text of a page to what the site needs."""
    del app
    shown_at = FOLDER / f"{docname}.md"
    written_at = FROM_ELSEWHERE.get(docname, shown_at)
    text = written_at.read_text("utf-8")
    on_site = {path: FOLDER / f"{name}.md" for name, path in FROM_ELSEWHERE.items()}

    def link(match: re.Match[str]) -> str:
        shown, place, anchor = match.groups(default="")
        target = (written_at.parent / place).resolve()
        if target.is_dir():  # a forge lists it, a site cannot
            return shown
        there = os.path.relpath(on_site.get(target, target), shown_at.parent)
        return f"[{shown}]({there}{anchor})"

    text = re.sub(r"\[([^][]*)\]\((?![a-z]+:)([^)#\s]+)(#[^)\s]*)?\)", link, text)
    # Forges draw this; a site would have to load a program for it. The table below has the same.
    text = re.sub(r"^```mermaid\n.*?^```\n", "", text, flags=re.DOTALL | re.MULTILINE)
    if docname in ("index", "rules"):
        text += contents(docname, text)
    source[0] = text


def setup(app: Sphinx) -> None:
    """Tell Sphinx of `prepare`."""
    app.connect("source-read", prepare)
