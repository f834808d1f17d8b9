"""LMAs that do not know RFC 8278, or do not want it for a mobile node."""

from __future__ import annotations

from track_run import Domain, Run

from pmiptrace.model import Capability, SessionMode

MMB = 63


def legacy(d: Domain) -> None:
    d.pbu(d.lte)
    d.wait(0.1)
    d.pba(without=[MMB])
    d.wait(5)


def denied(d: Domain) -> None:
    d.pbu(d.lte)
    d.wait(0.1)
    d.pba(status=180)
    d.wait(5)


def test_legacy_lma_keeps_one_binding_without_bid() -> None:
    d = Domain()
    legacy(d)
    run = Run(d)
    assert run.events == ["PM-LEGACY-LMA"]
    assert run.session.mode is SessionMode.MP_UNSUPPORTED
    assert run.session.mode_by == 1
    assert run.states() == {"a": "ACTIVE"}
    assert run.steps[-1].context.capability is Capability.NO


def test_legacy_lma_is_told_once_a_session() -> None:
    d = Domain()
    legacy(d)
    legacy(d)
    d.pbu(d.wlan)
    d.pba(without=[MMB])
    assert Run(d).events == ["PM-LEGACY-LMA"]


def test_refreshing_at_a_legacy_lma_whether_with_the_option_or_not() -> None:
    d = Domain()
    legacy(d)
    legacy(d)
    d.register(d.lte, multipath=False)
    run = Run(d)
    assert run.states() == {"a": "ACTIVE"}
    assert run.kinds == ["initial", "refresh", "refresh"]
    assert run.session.mode is SessionMode.SINGLE


def test_de_registration_at_a_legacy_lma_is_of_the_whole_session() -> None:
    d = Domain()
    legacy(d)
    d.pbu(d.lte, lifetime=0)
    d.pba(without=[MMB])
    assert Run(d).states() == {"a": "DEREG_WAIT"}


def test_a_legacy_lma_learns_multipath() -> None:
    d = Domain()
    legacy(d)
    d.register(d.lte)
    d.wait(5)
    d.register(d.wlan)
    run = Run(d)
    assert run.session.mode is SessionMode.MULTIPATH
    assert run.session.refusal is None
    assert run.states() == {"1": "ACTIVE", "2": "ACTIVE"}


def test_a_plain_binding_and_a_legacy_lma() -> None:
    d = Domain()
    d.register(d.lte, multipath=False)
    d.wait(5)
    legacy(d)
    run = Run(d)
    assert run.states() == {"a": "ACTIVE"}
    assert run.kinds == ["initial", "refresh"]


def test_an_acceptance_without_the_option_leaves_a_multipath_session_as_it_is() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(5)
    d.register(d.wlan)
    d.wait(5)
    d.pbu(d.lte)
    d.pba(without=[MMB])
    run = Run(d)
    assert run.events == []
    assert run.session.mode is SessionMode.MULTIPATH
    assert run.session.refusal is not None
    assert run.session.refusal.status == 0
    assert run.states() == {"1": "ACTIVE", "2": "ACTIVE"}


def test_multipath_is_asked_for_anew_once_all_paths_are_gone() -> None:
    d = Domain()
    d.register(d.lte)
    d.deregister(d.lte)
    d.wait(20)
    legacy(d)
    assert Run(d).session.mode is SessionMode.MP_UNSUPPORTED


def test_status_180() -> None:
    d = Domain()
    denied(d)
    run = Run(d)
    session = run.session
    assert run.events == ["PM-MULTIPATH-DENIED"]
    assert session.mode is SessionMode.MP_DENIED
    assert session.mode_by == 1
    assert session.refusal is not None
    assert (session.refusal.status, session.refusal.mag) == (180, 1)
    assert run.states() == {"1": "REJECTED"}


def test_a_denial_is_about_one_mobile_node_not_the_lma() -> None:
    d = Domain()
    denied(d)
    d.register(d.lte, "mn2@example.com")
    run = Run(d)
    assert run.steps[1].context.capability is Capability.UNKNOWN
    assert [s.mode for s in run.sessions] == [SessionMode.MP_DENIED, SessionMode.MULTIPATH]


def test_single_path_after_status_180() -> None:
    d = Domain()
    denied(d)
    d.register(d.lte, multipath=False)
    run = Run(d)
    assert run.session.mode is SessionMode.SINGLE
    assert run.states() == {"1": "REJECTED", "a": "ACTIVE"}
    assert len(run.session.live) == 1


def test_status_180_for_a_further_path_leaves_the_first() -> None:
    d = Domain()
    d.register(d.lte)
    d.wait(5)
    d.pbu(d.wlan)
    d.pba(status=180)
    run = Run(d)
    assert run.events == ["PM-MULTIPATH-DENIED"]
    assert run.session.mode is SessionMode.MULTIPATH
    assert run.session.refusal is not None
    assert run.states() == {"1": "ACTIVE", "2": "REJECTED"}


def test_status_180_for_a_refresh_leaves_the_old_grant() -> None:
    d = Domain()
    d.register(d.lte)
    expires = Run(d).binding(d.lte).expires_at
    d.wait(50)
    d.pbu(d.lte)
    d.pba(status=180)
    run = Run(d)
    assert run.session.mode is SessionMode.MULTIPATH
    assert run.states() == {"1": "ACTIVE"}
    assert run.binding(d.lte).expires_at == expires


def test_status_180_for_a_de_registration() -> None:  # T30
    d = Domain()
    d.register(d.lte)
    d.wait(5)
    d.pbu(d.lte, lifetime=0)
    d.pba(status=180)
    run = Run(d)
    assert run.states() == {"1": "ACTIVE"}
    assert run.session.mode is SessionMode.MULTIPATH


def test_status_180_for_a_plain_registration_says_nothing_of_multipath() -> None:
    d = Domain()
    d.pbu(d.plain)
    d.pba(status=180)
    run = Run(d)
    assert run.events == []
    assert run.session.refusal is None


def test_the_first_refusal_is_kept_until_multipath_is_granted() -> None:
    d = Domain()
    denied(d)
    first = Run(d).session.refusal
    denied(d)
    assert Run(d).session.refusal == first
    d.register(d.lte)
    assert Run(d).session.refusal is None
    assert Run(d).session.mode is SessionMode.MULTIPATH


def test_capability_is_per_mag_and_support_per_lma() -> None:
    d = Domain()
    d.register(d.lte)
    d.register(d.far, "mn2@example.com")
    d.pbu(d.plain, "mn3@example.com")
    run = Run(d)
    assert [s.context.capability for s in run.steps] == [
        Capability.UNKNOWN,
        Capability.YES,
        Capability.UNKNOWN,
        Capability.YES,
        Capability.UNKNOWN,
    ]
    assert run.steps[0].context.lma_multipath is None
    assert {s.context.lma_multipath for s in run.steps[1:]} == {run.steps[1].moment}
