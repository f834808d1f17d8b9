"""Rules of RFC 8127 on the timers that an LMA sets for its MAGs."""

from __future__ import annotations

from pmiptrace.model import Step, option_number
from pmiptrace.rules.look import message_of
from pmiptrace.rules.rule import PASS, Verdict, fail, rule
from pmiptrace.wire.options.rfc8127 import (
    BindingReregistrationControl,
    HeartbeatControl,
    LmaControlledMagParameters,
)

PARAMETERS = 62


@rule("RFC8127-3-PBA-ONLY", on=("PBU", "PBA"), options=PARAMETERS)
def parameters_in_their_place(step: Step) -> Verdict | None:
    """The LMA-Controlled MAG Parameters option is for the PBA, once, and not empty.

    Why it matters: it is the LMA that sets the timers. Of two options or two sub-options the MAG
    would have to choose one.

    The RFC: section 3: "This option can be included only in the Proxy Binding Acknowledge (PBA)
    message, and there MUST NOT be more than a single instance of this mobility option in a given
    PBA message." and "at least one sub-option MUST be present"; section 3.1.1 of sub-option 1:
    "There MUST be no more than a single instance of this sub-option in the LCMP option."

    Example: a PBU with option 62, to propose timers to the LMA.

    How to mend: send one option 62 in the PBA, with sub-option 1, 2, or one of each.
    """
    message = message_of(step)
    options = [o for o in message.options if option_number(o) == PARAMETERS]
    if message.kind == "PBU":
        text = "an LMA-Controlled MAG Parameters option (62) in a PBU"
        return fail(text, option=options[0])
    if len(options) > 1:
        text = f"{len(options)} LMA-Controlled MAG Parameters options in the PBA"
        return fail(text, option=options[1])
    (option,) = options
    if not isinstance(option, LmaControlledMagParameters):
        return None
    if not option.sub_options:
        return fail("an LMA-Controlled MAG Parameters option without sub-option", option=option)
    controls = [
        sub
        for sub in option.sub_options
        if option_number(sub) == BindingReregistrationControl.number
    ]
    if len(controls) < 2:
        return PASS
    return fail(
        f"{len(controls)} Binding Re-registration Control sub-options in one option",
        option=option,
        field="sub_options",
    )


@rule("RFC8127-3.1-ZERO", on="PBA", options=PARAMETERS)
def parameters_not_zero(step: Step) -> Verdict | None:
    """The timers and counts that an LMA sets are not zero.

    Why it matters: a MAG has to ignore such a PBA as a whole: it goes on asking, and the mobile
    node has no service.

    The RFC: section 5.2: "If any of the parameters in the Binding Re-registration Control
    Sub-Option are ZERO, then the PBA message MUST be ignored"; the same for the Heartbeat Control
    Sub-Option "except HB-Retransmission-Delay".

    Example: sub-option 1 with Maximum-Retransmission-Time 0, for no limit.

    How to mend: set every value, or leave the sub-option out.
    """
    for option in message_of(step).every(LmaControlledMagParameters):
        for sub in option.sub_options:
            name = _zero_parameter(sub)
            if name is not None:
                return fail(f"{name} is 0", option=option, field="sub_options")
    return PASS


def _zero_parameter(sub: object) -> str | None:
    """Name the first parameter of a sub-option that may not be zero, and is."""
    if isinstance(sub, BindingReregistrationControl):
        values = {
            "Re-registration-Start-Time": sub.start_time,
            "Initial-Retransmission-Time": sub.initial_retransmission_time,
            "Maximum-Retransmission-Time": sub.maximum_retransmission_time,
        }
    elif isinstance(sub, HeartbeatControl):
        values = {
            "HB-Interval": sub.interval,
            "HB-Max-Retransmissions": sub.maximum_retransmissions,
        }
    else:
        return None
    return next((name for name, value in values.items() if value == 0), None)
