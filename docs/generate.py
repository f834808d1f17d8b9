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
from pmiptrace.report.columns import Column, columns
from pmiptrace.report.text import open_console, render
from pmiptrace.rules.catalogue import CatalogueRow, Sentence, catalogue, sentences
from pmiptrace.rules.registry import all_rules
from pmiptrace.rules.rule import Rule
from pmiptrace.settings import SETTINGS, UNITS, Setting
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
    """Give the requirements with what checks them, the catalogue, and each rule's documentation."""
    rows = catalogue()
    introduction = (
        "What pmiptrace checks. A rule ID names the RFC and the section that the rule belongs to; "
        "the column Section says where its sentence stands. IDs never change their meaning, and "
        "`--select` and `--ignore` take any beginning of one.\n\n"
        f"There are {len(rows)} rules. [RFC 8278 section 4](#rfc-8278-section-4) comes first, "
        "requirement by requirement; then [what a capture cannot show]"
        "(#what-a-capture-cannot-show); then all rules by RFC, each with its documentation.\n\n"
        "- **Severity**: `error` for what an RFC forbids, `warning` for what it advises against, "
        "`info` for what is legal and worth a look. A finding can be milder than its rule's usual "
        "severity.\n"
        "- **Accused**: who is at fault; `sender` is whoever sent the message.\n"
        "- **Decided from**: one `packet`; one `exchange` of request and answer; or the history of "
        "a `session`. What a capture does not settle is reported as inconclusive, and never fails "
        "a run.\n"
        "- Rules that begin with `PM-` are remarks of pmiptrace's own; they accuse nobody."
    )
    return page("Rules", introduction, [*_requirements(), *_rules(rows.values())])


def _requirements() -> Iterator[str]:
    multipath = [each for each in sentences() if each.rfc == 8278]
    yield from ("## RFC 8278 section 4", "", "Every MUST and SHOULD, in the order of the text.", "")
    yield from table(
        (
            "",
            "Section",
            "Keyword",
            "Requirement",
            "Checked by",
            "Severity",
            "Accused",
            "Decided from",
        ),
        (_requirement(number, each) for number, each in enumerate(multipath, 1)),
    )
    yield from (
        "",
        "## What a capture cannot show",
        "",
        "Requirements of the other RFCs that no rule checks, though rules check what stands beside "
        "them: what a receiver has to do with what it gets, and does in silence.",
        "",
    )
    yield from table(
        ("RFC", "Sections", "Keyword", "Requirement", "Why it cannot be seen"),
        (
            (each.rfc, each.section, each.keyword, each.requirement, each.unobservable)
            for each in sentences()
            if each.unobservable and each.rfc != 8278
        ),
    )
    yield ""


def _requirement(number: int, sentence: Sentence) -> tuple[object, ...]:
    rows = [catalogue()[identifier] for identifier in sentence.rules]
    return (
        number,
        sentence.section,
        sentence.keyword,
        sentence.requirement,
        sentence.unobservable or "<br>".join(map(_link, rows)),
        "<br>".join(row.severity for row in rows),
        "<br>".join(row.party for row in rows),
        "<br>".join(row.confidence for row in rows),
    )


def _link(row: CatalogueRow) -> str:
    return f"[`{row.id}`](#{row.id.lower().replace('.', '')})"


def _rules(rows: Iterable[CatalogueRow]) -> Iterator[str]:
    judged = {rule.id: rule for rule in all_rules()}
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
                    _link(row),
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
        if declared.inner is not None:
            yield f"Inside option {number}, {declared.name}", declared.inner


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


# ------------------------------------------------------------------------------ the settings


def timers() -> str:
    """Give the times and limits that a user can set."""
    introduction = (
        "By which times and limits pmiptrace judges. The defaults are those of the RFCs; where an "
        "RFC names none, the last column is empty or says so, and the value is pmiptrace's own. "
        "Set those that the MAGs and LMAs of a capture are configured to otherwise:\n\n"
        "```sh\n"
        "pmiptrace analyze capture.pcapng --timers delete-delay=20s,update-rate=5\n"
        "```\n\n"
        "`--timers` can be repeated; of two values the last one counts. What is always needed goes "
        "into `pmiptrace.toml` in the working directory, or into `pyproject.toml` there as "
        "`[tool.pmiptrace.timers]`; of the two only the first is read. `--config FILE` names "
        "another file. The command line goes before the file.\n\n"
        "```toml\n"
        "[timers]\n"
        'delete-delay = "20s"\n'
        "update-rate = 5\n"
        "trust-clock = true\n"
        "```\n\n"
        f"A time is written with its unit: {', '.join(f'`{unit}`' for unit in UNITS)}. A name that "
        "does not exist and a value out of range are usage errors, exit code 2."
    )
    heads = ("Setting", "Default", "Range", "Meaning", "From")
    return page("Times and limits", introduction, table(heads, map(_setting, SETTINGS.values())))


def _setting(setting: Setting) -> tuple[object, ...]:
    default = setting.shown(setting.default)
    return (f"`{setting.name}`", default, setting.range, setting.meaning, setting.source)


# -------------------------------------------------------------------------------- the fields


def field_page() -> str:
    """Give the fields that `dissect --fields` and `--filter` name."""
    introduction = (
        "What `pmiptrace dissect --fields` prints and `--filter` compares; "
        "[dissect](dissect.md) says how. `pmiptrace dissect --list-fields` prints this list.\n\n"
        "A field can have several values in one message, or none. Those of the fixed parts and the "
        "options are named as their declarations name them; the name of a message or option alone "
        "stands for its being there. A time is compared with its unit: `lifetime >= 1h`."
    )
    parts: dict[str, list[Column]] = {}
    for column in columns().values():
        parts.setdefault(column.group, []).append(column)
    lines = ["## The message as a whole", ""]
    lines += table(("Field", "Kind", "Unit", "Meaning"), map(_named, parts.pop("")))
    lines += ["", "## Fixed parts and options", ""]
    for group in parts.values():
        lines += table(("Field", "Kind", "Unit", "Meaning"), map(_named, group))
        lines.append("")
    return page("Fields", introduction, lines)


def _named(column: Column) -> tuple[object, ...]:
    field = column.field
    return (f"`{field.name}`", field.kind.value, field.unit or "", field.meaning)


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
    "timers.md": timers,
    "fields.md": field_page,
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
