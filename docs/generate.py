"""Write the pages and the picture that are made from the code: ``python docs/generate.py``.

``--check`` writes nothing, and fails if one of them is out of date.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import chdir
from io import StringIO
from pathlib import Path
from typing import Any

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.terminal_theme import MONOKAI

from pmiptrace.analysis import Analysis
from pmiptrace.report.text import open_console, render
from pmiptrace.rules.catalogue import CatalogueRow, catalogue
from pmiptrace.rules.registry import all_rules
from pmiptrace.rules.rule import Rule
from pmiptrace.track.states import diagram
from pmiptrace.track.states import table as table_of_states
from pmiptrace.wire import codes, messages, options
from pmiptrace.wire.body import MESSAGE_TYPES, MessageType
from pmiptrace.wire.layout import Bits, Flag, Layout, Maybe, Octets, Placed, Rest, SubOptions
from pmiptrace.wire.option import MOBILITY_OPTIONS, OptionRegistry, OptionType

FOLDER = Path(__file__).parent
PICTURED = "samples/bulk-and-overwrite.pcap"
"""What the picture in the README shows the analysis of."""

NOTICE = "<!-- Written by docs/generate.py; change what it is made from. -->"

assert options.__all__
assert messages.__all__


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Give the lines of a Markdown table."""
    names = list(heads)
    yield f"| {' | '.join(names)} |"
    yield "|" + "---|" * len(names)
    for row in rows:
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |"


def page(title: str, introduction: str, lines: Iterable[str]) -> str:
    """Give a page with its heading."""
    return "\n".join([NOTICE, f"# {title}", "", introduction, "", *lines]) + "\n"


# ------------------------------------------------------------------------------------- rules


def rules() -> str:
    """Give the catalogue of rules, and the documentation of those that are judged."""
    rows = catalogue()
    judged = {rule.id: rule for rule in all_rules()}
    introduction = (
        "What pmiptrace checks. A rule ID names the RFC and the section that the rule belongs to; "
        "the column Section says where its sentence stands. IDs never change their meaning, and "
        "`--select` and `--ignore` take any beginning of one.\n\n"
        f"Of the {len(rows)} rules of the catalogue {len(judged)} are judged by this version: "
        "those whose ID is a link. The others are listed because their IDs are reserved.\n\n"
        "- **Severity**: `error` for what an RFC forbids, `warning` for what it advises against, "
        "`info` for what is legal and worth a look. A finding can be milder than its rule's usual "
        "severity.\n"
        "- **Accused**: who is at fault; `sender` is whoever sent the message.\n"
        "- **Decided from**: one `packet`; one `exchange` of request and answer; or the history of "
        "a `session`. What a capture does not settle is reported as inconclusive, and never fails "
        "a run.\n"
        "- Rules that begin with `PM-` are remarks of pmiptrace's own; they accuse nobody."
    )
    return page("Rules", introduction, _rules(rows.values(), judged))


def _rules(rows: Iterable[CatalogueRow], judged: dict[str, Rule]) -> Iterator[str]:
    parts: dict[int | None, list[CatalogueRow]] = {}
    for row in rows:
        parts.setdefault(row.rfc, []).append(row)
    for rfc, part in parts.items():
        yield f"## {f'RFC {rfc}' if rfc else 'Remarks'}"
        yield ""
        yield from table(
            ("Rule", "Section", "Keyword", "Severity", "Accused", "Decided from", "Requirement"),
            (
                (
                    f"[`{row.id}`](#{row.id.lower().replace('.', '')})"
                    if row.id in judged
                    else f"`{row.id}`",
                    row.section or "",
                    row.keyword or "",
                    row.severity,
                    "" if row.party == "-" else row.party,
                    row.confidence,
                    row.summary,
                )
                for row in part
            ),
        )
        yield ""
        for row in part:
            if row.id in judged:
                yield from _rule(judged[row.id])


def _rule(rule: Rule) -> Iterator[str]:
    text = rule.documentation
    yield from (f"### {rule.id}", "", text.summary, "")
    for heading, paragraph in (
        ("Why it matters", text.why),
        ("The RFC", text.rfc),
        ("Example", text.example),
        ("How to mend", text.mend),
    ):
        yield from (f"**{heading}:** {paragraph}", "")


# ---------------------------------------------------------------------- options and messages


def option_pages() -> str:
    """Give all mobility options with their fields, sub-options below."""
    introduction = (
        "Every option of IANA's registry that pmiptrace decodes and encodes. Lengths are values of "
        "the option's Length field, in octets. An option of another number, or one too short for "
        "its fields, is kept as its octets."
    )
    lines: list[str] = []
    registries = [("Mobility options", MOBILITY_OPTIONS), *_nested(MOBILITY_OPTIONS)]
    for title, registry in registries:
        lines += [f"## {title}", ""]
        lines += table(
            ("Number", "Name", "Reference", "Length", "Alignment", "Messages", "Fields"),
            (_option(declared) for _, declared in sorted(registry.types.items())),
        )
        lines.append("")
    return page("Options", introduction, lines)


def _nested(registry: OptionRegistry) -> Iterator[tuple[str, OptionRegistry]]:
    for number, declared in sorted(registry.types.items()):
        tail = declared.layout.tail
        if tail is not None and isinstance(tail.field, SubOptions):
            yield f"Inside option {number}, {declared.name}", tail.field.registry


def _option(declared: OptionType) -> tuple[object, ...]:
    alignment = declared.alignment
    return (
        declared.number,
        declared.name,
        declared.reference,
        f"{declared.length}{'' if declared.length_verified else ' (not judged)'}",
        f"{alignment[0]}n+{alignment[1]}" if alignment else "",
        ", ".join(declared.messages),
        _fields(declared.layout),
    )


def _fields(layout: Layout[Any]) -> str:
    return ", ".join(_field(placed) for placed in layout.fields)


def _field(placed: Placed) -> str:
    """Name a field as its RFC does, with its width: bits as they are, longer ones in octets."""
    field = placed.field
    match field:
        case Flag():
            return f"{field.label} ({field.meaning})"
        case Bits():
            width = "1 bit" if field.width == 1 else f"{field.width} bits"
        case Octets():
            width = f"{field.size} octets"
        case Maybe():
            width = "optional"
        case Rest() | SubOptions():
            width = "the rest"
        case _:
            raise TypeError(f"{field} is of no known kind")
    return f"{field.label}: {width}"


def message_page() -> str:
    """Give all Mobility Header messages with their fields."""
    introduction = (
        "The messages of the Mobility Header that pmiptrace decodes and encodes. The fields are "
        "those behind the Checksum. A Binding Update with the P flag is called PBU, a Binding "
        "Acknowledgement with it PBA."
    )
    forms = (form for _, each in sorted(MESSAGE_TYPES.items()) for form in each)
    rows = (_message(form) for form in forms)
    heads = ("MH Type", "Short", "Name", "Reference", "Options", "Fields")
    return page("Messages", introduction, table(heads, rows))


def _message(form: MessageType) -> tuple[object, ...]:
    return (
        form.mh_type,
        form.abbreviation,
        form.name,
        form.reference,
        "yes" if form.has_options else "no",
        _fields(form.layout),
    )


def status_page() -> str:
    """Give the status codes of Binding Acknowledgements."""
    introduction = (
        "Status values of Binding Acknowledgements (IANA, Mobile IPv6 Parameters). Those below 128 "
        "accept the request."
    )
    rows = (
        (status, name, codes.BINDING_STATUS_MEANING.get(status, ""))
        for status, name in codes.BINDING_STATUS.items()
    )
    return page("Status codes", introduction, table(("Status", "Name", "Usual cause"), rows))


# -------------------------------------------------------------------------------- the states

STATES_FROM_HERE = "test_states_page.py -->\n"
"""What is above this in the page is written by hand."""


def states() -> str:
    """Give the page on states with its diagram and table made anew."""
    present = (FOLDER / "states.md").read_text("utf-8")
    written, mark, _ = present.partition(STATES_FROM_HERE)
    return (
        written
        + mark
        + "\n".join(["", "```mermaid", *diagram(), "```", "", *table_of_states(), ""])
    )


# ------------------------------------------------------------------------------- the picture


def picture() -> str:
    """Give the text report of a sample as an SVG."""
    console = open_console(StringIO(), width=104)
    console.record = True
    with chdir(FOLDER.parent):
        report = Analysis([PICTURED]).report()
        render(report, console=console)
    # Readers shall not be made to load fonts from elsewhere.
    form = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(
        title=f"pmiptrace analyze {PICTURED}",
        theme=MONOKAI,
        code_format=form.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono"),
        unique_id="report",
    )


def said_by(svg: str) -> list[str]:
    """Give the texts in an SVG: other versions of rich draw another frame around the same."""
    return re.findall(r">([^<>\n]+)</text>", svg)


PAGES: dict[str, Callable[[], str]] = {
    "rules.md": rules,
    "options.md": option_pages,
    "messages.md": message_page,
    "status-codes.md": status_page,
    "states.md": states,
    "images/analyze.svg": picture,
}


def is_current(path: Path, text: str) -> bool:
    """Tell whether a file says that."""
    if not path.exists():
        return False
    present = path.read_text("utf-8")
    if path.suffix == ".svg":
        return said_by(present) == said_by(text)
    return present == text


def main() -> int:
    """Write what is out of date, or with ``--check`` only name it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail if out of date")
    check = parser.parse_args().check
    outdated = False
    for name, make in PAGES.items():
        path, text = FOLDER / name, make()
        if is_current(path, text):
            continue
        outdated = True
        print(f"docs/{name}: {'out of date' if check else 'written'}")
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
    return 1 if check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
