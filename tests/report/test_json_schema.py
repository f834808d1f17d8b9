import io
import json

import pytest
from json_factory import exchange, finding, messages, report, session
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from pmiptrace.analysis import Change
from pmiptrace.model import Report, Suppression
from pmiptrace.report.formats import Target
from pmiptrace.report.json import write
from pmiptrace.report.jsonl import LineWriter
from pmiptrace.report.schema import SCHEMAS, octets, schema_file
from pmiptrace.selection import Narrowing, Pattern, Selection, narrow


def validator(name: str) -> Draft202012Validator:
    described = json.loads(schema_file(name).read_bytes())
    Draft202012Validator.check_schema(described)
    return Draft202012Validator(described)


def written(value: Report) -> bytes:
    stream = io.BytesIO()
    write(value, stream)
    return stream.getvalue()


def lines(selection: Selection = Selection()) -> list[dict]:  # noqa: B008
    whole = report()
    stream = io.BytesIO()
    writer = LineWriter(Target(stream=stream, mags=whole.mags))
    narrowing = Narrowing(selection, whole.mags)
    binding = session().bindings[0]
    for event in (
        messages()[0],
        Change(session(), binding, binding.history[0]),
        exchange(),
        *whole.findings,
        session(),
        whole.captures[0],
    ):
        chosen = narrowing.event(event)
        if chosen is not None:
            writer.event(chosen)
    writer.finish(narrow(whole, selection))
    assert stream.getvalue().endswith(b"\n")
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schema_is_that_of_the_types(name: str) -> None:
    assert schema_file(name).read_bytes() == octets(name)


def says_something(field: dict, objects: dict) -> bool:
    """Tell whether a field has a meaning, or what it holds has one."""
    inner = [field.get("items"), *field.get("anyOf", [])]
    named = objects[field["$ref"].rpartition("/")[2]] if "$ref" in field else {}
    return bool(field.get("description") or named.get("description")) or any(
        says_something(part, objects) for part in inner if isinstance(part, dict)
    )


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_has_a_meaning(name: str) -> None:
    objects = json.loads(schema_file(name).read_bytes())["$defs"]
    silent = [
        f"{of}.{field}"
        for of, described in objects.items()
        for field, each in described.get("properties", {}).items()
        if not says_something(each, objects)
    ]
    assert silent == []


def test_a_field_means_what_stands_beneath_it_and_what_its_type_says() -> None:
    objects = json.loads(schema_file("jsonl-1.0.json").read_bytes())["$defs"]
    line = objects["TransitionLine"]["properties"]
    assert line["type"]["description"] == "What the object is."
    assert line["from"]["description"].startswith("The state before. A state that")
    assert line["lma"]["description"] == (
        "The LMA that has the binding. IPv4 or IPv6 address, as RFC 5952 writes it."
    )
    assert objects["SummaryLine"]["properties"]["messages"]["minimum"] == 0


KNOWN = tuple(
    finding(suppression=Suppression(by=by, reason=reason, expires=expires))
    for by, reason, expires in (("ignore", "a reason", None), ("baseline", None, "2027-01-31"))
)


@pytest.mark.parametrize("value", [report(), Report(), replace(report(), findings=KNOWN)])
def test_a_report_follows_its_schema(value: Report) -> None:
    validator("report-1.0.json").validate(json.loads(written(value)))


@pytest.mark.parametrize("wrong", ["findings", "summary"])
def test_the_schema_demands_every_field(wrong: str) -> None:
    document = json.loads(written(report()))
    del document[wrong]
    assert not validator("report-1.0.json").is_valid(document)


def test_a_time_that_is_not_rfc_3339_breaks_the_schema() -> None:
    document = json.loads(written(report()))
    document["findings"][0]["time"] = "2023-11-14 22:13:20"
    assert not validator("report-1.0.json").is_valid(document)


def test_the_same_report_gives_the_same_octets() -> None:
    assert written(report()) == written(report())


def test_each_finding_has_a_line_of_its_own() -> None:
    text = written(report()).decode()
    assert sum('"rule":"PM-EXPIRED"' in line for line in text.splitlines()) == 1
    assert text.endswith("\n}\n")


def test_every_line_follows_the_schema_and_says_its_type_first() -> None:
    checked = validator("jsonl-1.0.json")
    for line in lines():
        checked.validate(line)
        assert next(iter(line)) == "type"


def test_lines_come_in_the_order_of_what_they_tell() -> None:
    assert [line["type"] for line in lines()] == [
        "message", "transition", "exchange", "finding", "finding", "finding", "session", "capture",
        "summary",
    ]  # fmt: skip


def test_lines_and_document_tell_the_same() -> None:
    document = json.loads(written(report()))
    told = lines()
    for kind in ("exchange", "finding", "session", "capture"):
        shown = [
            {k: v for k, v in line.items() if k != "type"} for line in told if line["type"] == kind
        ]
        assert shown == document[kind + "s"]
    assert told[-1]["findings"] == document["summary"]["findings"]
    assert told[-1]["rules"] == document["rules"]


def test_a_selection_leaves_out_what_is_of_others_and_counts_the_rest() -> None:
    told = lines(Selection(mobile_node=Pattern("somebody@else")))
    assert [line["type"] for line in told] == ["capture", "summary"]
    assert told[-1]["messages"] == report().messages
    assert told[-1]["exchanges"] == told[-1]["findings"]["error"] == 0


def test_a_suppressed_finding_has_its_line_and_fails_nothing() -> None:
    stream = io.BytesIO()
    writer = LineWriter(Target(stream=stream))
    for known in KNOWN:
        writer.event(known)
    writer.finish(Report())
    *told, summary = (json.loads(line) for line in stream.getvalue().splitlines())
    for line in (*told, summary):
        validator("jsonl-1.0.json").validate(line)
    assert [line["suppression"]["by"] for line in told] == ["ignore", "baseline"]
    assert (summary["findings"]["suppressed"], summary["findings"]["error"]) == (2, 0)
    assert not any(map(Selection().fails, KNOWN))


def test_a_line_is_sent_at_once_to_one_who_follows() -> None:
    class Stream(io.BytesIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    for follow, expected in ((True, 2), (False, 0)):
        stream = Stream()
        writer = LineWriter(Target(stream=stream, live=follow))
        writer.event(replace(finding(), exchange=None))
        writer.finish(Report())
        assert stream.flushed == expected
