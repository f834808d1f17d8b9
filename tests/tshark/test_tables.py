"""The tables of tshark's fields and faults: all its fields are there, every pattern fits."""

from __future__ import annotations

import re
import shutil
import subprocess
from fnmatch import fnmatchcase

import pytest

from pmiptrace.tshark.compare import Kind
from pmiptrace.tshark.tables import How, faults, field_rows
from pmiptrace.wire.body import MESSAGE_TYPES
from pmiptrace.wire.fields import name_of
from pmiptrace.wire.layout import Layout, SubOptions
from pmiptrace.wire.option import MOBILITY_OPTIONS, OptionRegistry
from pmiptrace.wire.options.ts29275 import THREE_GPP


def ours() -> set[str]:
    """Every name that a dissection can have."""
    names = {
        f"mobility_header.{n}"
        for n in ["payload_proto", "header_len", "mh_type", "reserved", "checksum"]
    }
    for forms in MESSAGE_TYPES.values():
        for form in forms:
            names |= {name_of(form.cls), *of_layout(form.cls)}
    return names | of_registry(MOBILITY_OPTIONS) | of_registry(THREE_GPP)


def of_registry(registry: OptionRegistry) -> set[str]:
    names: set[str] = set()
    for declared in registry.types.values():
        whole = name_of(declared.cls)
        names |= {whole, f"{whole}.type", f"{whole}.length", *of_layout(declared.cls)}
    return names


def of_layout(cls: type) -> set[str]:
    names: set[str] = set()
    for placed in Layout.of(cls).fields:
        names.add(f"{name_of(cls)}.{placed.name}")
        if isinstance(placed.field, SubOptions):
            names |= of_registry(placed.field.registry)
    return names


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_every_field_of_tshark_has_a_row() -> None:
    listed = subprocess.run(["tshark", "-G", "fields"], capture_output=True, check=True, text=True)
    found = set(re.findall(r"^[FP]\t[^\t]*\t(mip6\.\S+)", listed.stdout, re.MULTILINE))
    assert len(found) > 200
    assert found <= field_rows().keys()


@pytest.mark.parametrize("row", field_rows().values(), ids=lambda row: row.name)
def test_every_row_names_fields_that_exist(row) -> None:
    if row.how in (How.COMPLAINT, How.SKIP):
        assert row.ours == ("-",)
        return
    names = ours()
    for pattern in row.ours:
        assert any(fnmatchcase(name, pattern) for name in names), pattern


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.text)
def test_every_fault_names_what_exists(fault) -> None:
    kinds = {kind.value for kind in Kind}
    assert fault.kind == "*" or fault.kind in kinds
    known = {*field_rows(), "_ws.malformed"}
    assert any(fnmatchcase(name, fault.field) for name in known)
    assert any(fnmatchcase(name, fault.ours) for name in ours())
    assert re.search(r"(RFC \d{4}|TS 29.275) section \d|IANA", fault.reference)
