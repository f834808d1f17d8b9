"""Write the pages and the picture that are made from the code: ``python docs/generate.py``.

``--check`` writes nothing, and fails if one of them is out of date.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import chdir
from enum import Enum
from functools import cache, partial
from inspect import cleandoc, signature
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_type_hints

import typer
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.terminal_theme import MONOKAI

from pmiptrace.analysis import Analysis
from pmiptrace.cli.app import app
from pmiptrace.configuration.keys import IGNORE_KEYS, KEYS, Key
from pmiptrace.report.columns import Column, columns
from pmiptrace.report.lookup.states import states as state_entries
from pmiptrace.report.lookup.terms import TermEntry, kinds, modes
from pmiptrace.report.schema import SCHEMAS, schema
from pmiptrace.report.text import open_console, render
from pmiptrace.rules.catalogue import CatalogueRow, Sentence, catalogue, sentences
from pmiptrace.rules.registry import all_rules
from pmiptrace.rules.rule import Rule
from pmiptrace.settings import SETTINGS, UNITS, Setting
from pmiptrace.track.states import diagram
from pmiptrace.track.states import table as table_of_states
from pmiptrace.track.terms import EVENTS
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


def anchor(heading: str) -> str:
    """Give the anchor of a heading, as GitHub and the site make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# ------------------------------------------------------------------------------------- rules

RFC_TITLES = {
    4283: "Mobile Node Identifier Option for Mobile IPv6",
    5213: "Proxy Mobile IPv6",
    5648: "Multiple Care-of Addresses Registration",
    5844: "IPv4 Support for Proxy Mobile IPv6",
    5845: "Generic Routing Encapsulation (GRE) Key Option for Proxy Mobile IPv6",
    5846: "Binding Revocation for IPv6 Mobility",
    5847: "Heartbeat Mechanism for Proxy Mobile IPv6",
    6275: "Mobility Support in IPv6",
    6543: "Reserved IPv6 Interface Identifier for Proxy Mobile IPv6",
    6602: "Bulk Binding Update Support for Proxy Mobile IPv6",
    6757: "Access Network Identifier (ANI) Option for Proxy Mobile IPv6",
    7077: "Update Notifications for Proxy Mobile IPv6",
    7148: "Prefix Delegation Support for Proxy Mobile IPv6",
    7222: "Quality-of-Service Option for Proxy Mobile IPv6",
    7864: "Proxy Mobile IPv6 Extensions to Support Flow Mobility",
    8127: "MAG Configuration Parameters Controlled by the LMA",
    8278: "Mobile Access Gateway (MAG) Multipath Options",
}


def rule_index() -> str:
    """Give the requirements with what checks them, and the tables of all rules by RFC."""
    introduction = (
        "What pmiptrace checks. A rule ID names the RFC and the section that the rule belongs to; "
        "the column Section says where its sentence stands. IDs never change their meaning, and "
        "`--select` and `--ignore` take any beginning of one.\n\n"
        f"There are {len(catalogue())} rules. [RFC 8278 section 4](#rfc-8278-section-4) comes "
        "first, requirement by requirement; then [what a capture cannot show]"
        "(#what-a-capture-cannot-show); then [all rules by RFC](#all-rules). Each rule is "
        "explained on the page of its RFC: what it checks, why it matters, what the RFC says, an "
        "example, and how to mend it.\n\n"
        "- **Severity**: `error` for what an RFC forbids, `warning` for what it advises against, "
        "`info` for what is legal and worth a look. A finding can be milder than its rule's usual "
        "severity.\n"
        "- **Accused**: who is at fault; `sender` is whoever sent the message.\n"
        "- **Decided from**: one `packet`; one `exchange` of request and answer; or the history of "
        "a `session`. What a capture does not settle is reported as inconclusive, and never fails "
        "a run.\n"
        "- Rules that begin with `PM-` are remarks of pmiptrace's own; they accuse nobody."
    )
    return page("Rules", introduction, [*_requirements(), *_rule_tables()])


def _requirements() -> Iterator[str]:
    multipath = [each for each in sentences() if each.rfc == 8278]
    yield from (
        "## RFC 8278 section 4",
        "",
        "Every MUST and SHOULD, in the order of the text; behind each rule its severity, whom it "
        "accuses, and what it is decided from.",
        "",
    )
    yield from table(
        ("", "Section", "Keyword", "Requirement", "Checked by"),
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
    checked = [f"{_link(row)}: {row.severity}, {row.party}, {row.confidence}" for row in rows]
    return (
        number,
        sentence.section,
        sentence.keyword,
        sentence.requirement,
        sentence.unobservable or "<br>".join(checked),
    )


def _rule_file(rfc: int | None) -> str:
    return f"rules/rfc{rfc}.md" if rfc else "rules/remarks.md"


def _link(row: CatalogueRow) -> str:
    return f"[`{row.id}`]({_rule_file(row.rfc)}#{anchor(row.id)})"


def _rule_title(rfc: int | None) -> str:
    return f"RFC {rfc}: {RFC_TITLES[rfc]}" if rfc else "Remarks"


def _by_rfc() -> dict[int | None, list[CatalogueRow]]:
    parts: dict[int | None, list[CatalogueRow]] = {}
    for row in catalogue().values():
        parts.setdefault(row.rfc, []).append(row)
    return parts


def _rule_tables() -> Iterator[str]:
    yield from ("## All rules", "")
    for rfc, rows in _by_rfc().items():
        yield from (f"### {_rule_title(rfc)}", "")
        yield from (f"[Each of them explained]({_rule_file(rfc)})", "")
        yield from table(
            ("Rule", "Section", "Keyword", "Severity", "Accused", "Decided from", "Requirement"),
            (
                (
                    # The anchor is that of the time when all rules stood on this page.
                    f'<a id="{anchor(row.id)}"></a>{_link(row)}',
                    row.section or "",
                    row.keyword or "",
                    row.severity,
                    "" if row.party == "-" else row.party,
                    row.confidence,
                    row.summary,
                )
                for row in rows
            ),
        )
        yield ""


def rules_of(rfc: int | None) -> str:
    """Give the documentation of each rule of an RFC, or of the remarks that belong to none."""
    introduction = (
        "What each rule checks, why it matters, what the RFC says, and how to mend it. [Rules]"
        "(../rules.md) has the tables of all, and what their columns mean."
    )
    judged = {rule.id: rule for rule in all_rules()}
    lines = [line for row in _by_rfc()[rfc] for line in _rule(judged[row.id], row)]
    return page(_rule_title(rfc), introduction, lines)


def _rule(rule: Rule, row: CatalogueRow) -> Iterator[str]:
    text = rule.documentation
    yield from (f"## {rule.id}", "", text.summary, "", " · ".join(_claims(row)), "")
    for heading, paragraph in (
        ("Why it matters", text.why),
        ("The RFC", text.rfc),
        ("Example", text.example),
        ("How to mend", text.mend),
    ):
        yield from (f"**{heading}:** {paragraph}", "")


def _claims(row: CatalogueRow) -> Iterator[str]:
    if row.is_diagnostic:
        yield "a remark, accuses nobody"
    else:
        yield f"**{row.severity}**"
        yield f"accused: {row.party}"
    yield f"decided from: {row.confidence}"
    if row.reference:
        keyword = f", {row.keyword}" if row.keyword else ""
        yield f"[{row.reference}]({row.link}){keyword}"


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
        for registry in declared.registries:
            yield f"Inside option {number}, {declared.name}", registry


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
        "into the table `timers` of the [configuration](configuration.md):\n\n"
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


# ------------------------------------------------------------------------- the configuration


def configuration() -> str:
    """Give the page on the configuration with its tables made anew."""
    keys = [
        (f"`{name}`", _linked(known.takes), _default(known), known.meaning)
        for name, known in KEYS.items()
    ]
    keys += [
        ("`timers`", "a table", "", "[Times and limits](timers.md) to judge by."),
        ("`severity`", "a table", "", "[Severities](#severities) of rules."),
        (
            "`ignores`",
            "an array of tables",
            "",
            "[Findings that are known](#ignores), with reasons.",
        ),
    ]
    return with_tables(
        written("configuration.md"),
        keys=table(("Key", "Takes", "Default", "Meaning"), keys),
        ignores=table(("Key", "Meaning"), ((f"`{n}`", m) for n, m in IGNORE_KEYS.items())),
    )


def with_tables(text: str, **tables: Iterable[str]) -> str:
    """Give a page with tables made anew, each between comments with its name."""
    for name, lines in tables.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, behind = text.partition(begin)
        text = f"{before}{begin}{chr(10).join(lines)}\n{end}{behind.partition(end)[2]}"
    return text


def _linked(takes: str) -> str:
    return takes.replace("a list of rules", "a list of [rules](#which-rules)")


def _default(known: Key) -> str:
    value = known.default
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return f"`{json.dumps(value)}`"
    return "" if value is None else f"`{value}`"


# -------------------------------------------------------------------------------- the states

STATES_FROM_HERE = "test_states_page.py -->\n"
"""What is above this in the page is written by hand."""


def states() -> str:
    """Give the page on states with its tables and its diagram made anew."""
    by_hand, mark, _ = written("states.md").partition(STATES_FROM_HERE)
    transitions = "\n".join(["", "```mermaid", *diagram(), "```", "", *table_of_states(), ""])
    return with_tables(
        by_hand + mark + transitions,
        states=table(
            ("State", "In reports", "Meaning", "Traffic", "Sections"),
            (
                (s.constant, s.name, s.meaning, "yes" if s.live else "", ", ".join(s.references))
                for s in state_entries()
            ),
        ),
        modes=table(("Mode", "Meaning", "Told by", "Sections"), map(_term, modes())),
        kinds=table(("Kind", "Meaning", "Told by", "Sections"), map(_term, kinds())),
        events=table(("Event", "Meaning"), EVENTS.items()),
    )


def _term(entry: TermEntry) -> tuple[object, ...]:
    return entry.name, entry.meaning, entry.told_by, ", ".join(entry.references)


# ------------------------------------------------------------------------------ the commands


def command_page() -> str:
    """Give every command with its arguments, options and exit codes."""
    introduction = (
        "Every command, as `pmiptrace COMMAND --help` has it; `-h` and `--help` are options of "
        "all. [The command line](cli.md) explains what several of them share."
    )
    return page("Commands", introduction, _commands(typer.main.get_command(app), "pmiptrace"))


def _commands(command: Any, path: str) -> Iterator[str]:
    rows = list(_parameters(command))
    arguments = [name.strip("`") for name, *_ in rows if not name.startswith("`-")]
    options = ["[OPTIONS]"] * (len(arguments) < len(rows))
    yield from (f"## {path}", "", "```text", " ".join([path, *options, *arguments]), "```", "")
    for paragraph in cleandoc(command.help).split("\n\n"):
        yield from (_marked(" ".join(paragraph.split())), "")
    if rows:
        yield from (*table(("Argument", "Meaning", "Default"), rows), "")
    if command.epilog:
        text = re.sub(r"\n{3,}", "\n\n", command.epilog.replace("\b\n", ""))
        yield from ("```text", text.strip(), "```", "")
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, f"{path} {name}")


def _parameters(command: Any) -> Iterator[tuple[str, str, str]]:
    """Give the arguments and options of a command: how each is written, its meaning and default.

    Types and texts are those of the function: what the help shows of them differs between versions
    of typer.
    """
    if command.callback is None:  # a group of commands
        return
    types = get_type_hints(command.callback, include_extras=True)
    defaults = signature(command.callback).parameters
    for each in command.params:
        name = each.metavar or ""
        if each.nargs == -1 and "..." not in name:
            name += "..."
        if each.param_type_name == "option":
            kind = types[each.name].__origin__
            if isinstance(kind, type) and issubclass(kind, Enum):
                name = "|".join(member.value for member in kind)
            name = (
                f"{', '.join([*sorted(each.opts, key=len), *each.secondary_opts])} {name}".rstrip()
            )
        default = defaults[each.name].default
        default = default.value if isinstance(default, Enum) else default
        # An option that can be repeated has its default in its help.
        text, _, told = (
            types[each.name].__metadata__[0].help.removesuffix("]").partition(" [default: ")
        )
        default = default or told
        shown = f"`{default}`" if default and str(default).isprintable() else ""
        yield f"`{name}`", _marked(text), "required" if each.required else shown


def _marked(text: str) -> str:
    """Mark the options in a text of the command line as code."""
    return re.sub(r"(?<![\w-])(--[a-z][a-z-]*)", r"`\1`", text).replace("* and ?", "`*` and `?`")


# ------------------------------------------------------------------------------ JSON


def json_page() -> str:
    """Give the fields of every document and line that is written as JSON."""
    introduction = (
        "Made from the schemas, which ship with the package. [JSON](json.md) says what can be "
        "relied on and which command writes what. A field is always there; where its type says "
        "*null*, it can be absent in that way."
    )
    objects: dict[str, Any] = {}
    rows = []
    for name in SCHEMAS:
        described = schema(name)
        objects |= described["$defs"]
        tops = described.get("anyOf", [described])
        place = f"../pmiptrace/report/schema/{name}"
        title = re.sub(r"pmiptrace .*", r"`\g<0>`", described["title"])
        rows.append((f"[{name}]({place})", title, ", ".join(map(_kind, tops))))
    lines = ["## Schemas", "", *table(("Schema", "Of", "Objects"), rows), ""]
    lines += ["## Objects", ""]
    for name, described in objects.items():
        lines += [f"### {name}", "", cleandoc(described.get("description", "")), ""]
        if "enum" in described:
            lines += [f"One of {_values(described['enum'])}.", ""]
            continue
        fields = described["properties"].items()
        lines += table(
            ("Field", "Type", "Meaning"),
            ((f"`{field}`", _kind(each), _meaning(each, objects)) for field, each in fields),
        )
        lines.append("")
    return page("JSON, field by field", introduction, lines)


def _kind(described: dict[str, Any]) -> str:
    """Name the type of a field: in words, or a link to the object that it is."""
    match described:
        case {"$ref": reference}:
            name = reference.rpartition("/")[2]
            return f"[{name}](#{anchor(name)})"
        case {"anyOf": kinds}:
            return " or ".join(map(_kind, kinds))
        case {"enum": values}:
            return _values(values)
        case {"type": "array", "prefixItems": kinds}:
            return f"array of {', '.join(map(_kind, kinds))}"
        case {"type": "array", "items": kind}:
            return f"array of {_kind(kind)}"
        case {"type": "object", "additionalProperties": kind} if isinstance(kind, dict):
            return f"object of {_kind(kind)}"
        case {"type": "integer", "minimum": int(least), "maximum": int(most)}:
            return f"integer {least} to {most}"
        case {"type": str(kind)}:
            return "*null*" if kind == "null" else kind
        case _:
            return "any"


def _values(values: list[Any]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _meaning(described: dict[str, Any], objects: dict[str, Any]) -> str:
    """Give what the schema says of a field and of its type; of an object only if of no field."""
    inner = described.get("items")
    parts = [described, *described.get("anyOf", []), *([inner] if isinstance(inner, dict) else [])]
    texts = [part["description"] for part in parts if "description" in part]
    if not texts:
        names = [part["$ref"].rpartition("/")[2] for part in parts if "$ref" in part]
        texts = [objects[name]["description"] for name in names]
    return " ".join(texts)


# ------------------------------------------------------------------------------ the examples

CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
"""A block of commands, each behind ``$ ``, with what they print."""
COLUMNS = 100
"""How wide the page is on which examples are printed."""
WIRESHARK = ("tshark", "editcap", "pmiptrace crosscheck")
"""Commands that need Wireshark, and print other things with other versions of it."""


def with_examples(text: str) -> str:
    """Give a page with the output of its commands made anew, run one after another.

    Blocks with commands of Wireshark stay where its version is not the one of the page.
    """
    blocks = [
        block
        for block in CONSOLE.findall(text)
        if not any(f"$ {command}" in block for command in WIRESHARK) or _has_wireshark()
    ]
    if not blocks:
        return text
    commands = [re.findall(r"^\$ (.*)$", block, re.MULTILINE) for block in blocks]
    printed = iter(_run([command for each in commands for command in each]))
    for block, each in zip(blocks, commands, strict=True):
        made = "".join(f"$ {command}\n{next(printed)}" for command in each)
        text = text.replace(f"```console\n{block}```", f"```console\n{made}```")
    return text


@cache
def _has_wireshark() -> bool:
    tshark = shutil.which("tshark")
    version = [tshark or "false", "--version"]
    said = subprocess.run(version, capture_output=True, text=True, check=False).stdout
    return said.startswith("TShark (Wireshark) 4.0.")


def _run(commands: Iterable[str]) -> list[str]:
    """Give what each command prints, on either stream; run in a folder that has the samples."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        place.joinpath("samples").symlink_to(FOLDER.parent / "samples")
        program = place / "bin" / "pmiptrace"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pmiptrace "$@"\n')
        program.chmod(0o755)
        script = "".join(
            f"printf '\\0'; (exit $status); {command}\nstatus=$?\n" for command in commands
        )
        run = subprocess.run(
            ["bash", "-c", f"exec 2>&1; status=0\n{script}"],
            cwd=place,
            env={
                "PATH": f"{program.parent}:{os.environ['PATH']}",
                "HOME": folder,
                "COLUMNS": str(COLUMNS),
                "PYTHONPATH": str(FOLDER.parent),
                "PYTHONIOENCODING": "utf-8",
                "LC_ALL": "C.UTF-8",
            },
            capture_output=True,
            check=True,
        )
    parts = run.stdout.decode().split("\0")[1:]
    return [re.sub(r"^Running as user .*\n", "", part, flags=re.MULTILINE) for part in parts]


def written(name: str) -> str:
    """Give a page as it is."""
    return (FOLDER / name).read_text("utf-8")


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
    "rules.md": rule_index,
    **{_rule_file(rfc): partial(rules_of, rfc) for rfc in _by_rfc()},
    "options.md": option_pages,
    "messages.md": message_page,
    "status-codes.md": status_page,
    "states.md": states,
    "timers.md": timers,
    "configuration.md": configuration,
    "fields.md": field_page,
    "commands.md": command_page,
    "json-fields.md": json_page,
    "images/analyze.svg": picture,
}
PAGES |= {
    path.name: partial(written, path.name)
    for path in sorted(FOLDER.glob("*.md"))
    if path.name not in PAGES and CONSOLE.search(path.read_text("utf-8"))
}


def make(name: str) -> str:
    """Make a page, or a picture, with the output of the commands in it."""
    text = PAGES[name]()
    return with_examples(text) if name.endswith(".md") else text


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
    for name in PAGES:
        path, text = FOLDER / name, make(name)
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
