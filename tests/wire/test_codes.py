"""Tables of code points against IANA's registries, where these lie beside the checkout."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pmiptrace.wire import codes
from pmiptrace.wire.body import MESSAGE_TYPES
from pmiptrace.wire.option import MOBILITY_OPTIONS

REGISTRY = Path(__file__).resolve().parents[3] / "shared" / "protocol" / "registry.tsv"

TABLES = {
    "access_type": codes.ACCESS_TECHNOLOGY,
    "handoff_type": codes.HANDOFF_INDICATOR,
    "mn_id_subtype": codes.MN_IDENTIFIER_SUBTYPE,
    "status_code": codes.BINDING_STATUS,
    "revocation_trigger": codes.REVOCATION_TRIGGER,
    "revocation_status_code": codes.REVOCATION_STATUS,
    "upn_reason": codes.NOTIFICATION_REASON,
    "upa_status": codes.NOTIFICATION_STATUS,
    "ani_suboption": codes.ANI_SUBOPTION,
    "qos_attribute": codes.QOS_ATTRIBUTE,
    "home_address_reply": codes.IPV4_HOME_ADDRESS_STATUS,
    "dsmipv6_home_address": codes.DSMIPV6_ADDRESS_STATUS,
    "flow_id_suboption": codes.FLOW_IDENTIFICATION_SUBOPTION,
    "flow_id_status": codes.FLOW_IDENTIFICATION_STATUS,
    "handover_initiate_status": codes.HANDOVER_INITIATE_CODE,
    "handover_ack_status": codes.HANDOVER_ACKNOWLEDGE_CODE,
    "fb_indication_trigger": codes.FLOW_BINDING_TRIGGER,
    "fb_ack_status": codes.FLOW_BINDING_STATUS,
    "fb_action": codes.FLOW_BINDING_ACTION,
    "mn_group_id": codes.MN_GROUP_SUBTYPE,
    "lma_mag_suboption": codes.LCMP_SUBOPTION,
    "dns_status_code": codes.DNS_UPDATE_STATUS,
    "auth_subtype": codes.AUTHENTICATION_SUBTYPE,
    "traffic_selector": codes.TRAFFIC_SELECTOR_FORMAT,
}


def registered(name: str) -> dict[int, str]:
    if not REGISTRY.exists():
        pytest.skip("the registries are not at hand")
    with REGISTRY.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {int(r["value"]): r["name"] for r in rows if r["registry"] == name}


@pytest.mark.parametrize("name", TABLES)
def test_every_registered_value_has_a_name_and_no_other(name: str) -> None:
    assert TABLES[name].keys() == registered(name).keys()


def test_registered_options_and_messages() -> None:
    assert MOBILITY_OPTIONS.types.keys() == registered("option").keys()
    assert MESSAGE_TYPES.keys() == registered("packet").keys()


def test_every_rejection_has_a_meaning() -> None:
    rejections = {status for status in codes.BINDING_STATUS if status >= 128}
    assert codes.BINDING_STATUS_MEANING.keys() == rejections
    assert codes.BINDING_STATUS_REMEDY.keys() == rejections


@pytest.mark.parametrize(
    ("constants", "table"),
    [
        (codes.BindingStatus, codes.BINDING_STATUS),
        (codes.HandoffIndicatorValue, codes.HANDOFF_INDICATOR),
        (codes.RevocationTrigger, codes.REVOCATION_TRIGGER),
        (codes.RevocationStatus, codes.REVOCATION_STATUS),
        (codes.NotificationReason, codes.NOTIFICATION_REASON),
        (codes.QosOperation, codes.QOS_OPERATION),
    ],
)
def test_constants_are_values_of_their_table(
    constants: type[codes.BindingStatus], table: dict[int, str]
) -> None:
    assert {int(value) for value in constants} <= table.keys()


def test_constants_of_rfc_5213_are_named_as_registered() -> None:
    for value in codes.BindingStatus:
        if 152 <= value <= 163 or value >= 170:
            assert codes.BINDING_STATUS[value] == value.name
