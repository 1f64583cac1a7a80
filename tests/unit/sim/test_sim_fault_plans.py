"""Which fault hits which request, and when: no sockets, no waiting."""

from __future__ import annotations

import pytest

from podium.models.sim.faults import Fault, Faults, Flap

DOWN = Fault(kind="status", status=503)


def _pick(
    faults: Faults, number: int = 0, *, model: str | None = "m", elapsed: float = 0.0, seed: int = 0
) -> str | None:
    fault = faults.pick(model=model, number=number, elapsed=elapsed, seed=seed)
    return fault.kind if fault else None


def test_a_script_is_played_in_order_once_or_for_ever() -> None:
    once = Faults(script=(DOWN, None, Fault(kind="hang")))
    assert [_pick(once, n) for n in range(5)] == ["status", None, "hang", None, None]
    loop = Faults(script=(None, DOWN), loop=True)
    assert [_pick(loop, n) for n in range(5)] == [None, "status", None, "status", None]


def test_chances_are_kept_and_repeat_by_seed() -> None:
    faults = Faults(random=(Fault(kind="cut", chance=0.2), Fault(kind="hang", chance=0.1)))
    first = [_pick(faults, n) for n in range(3000)]
    assert first == [_pick(faults, n) for n in range(3000)]
    assert first != [_pick(faults, n, seed=1) for n in range(3000)]
    assert first.count("cut") / 3000 == pytest.approx(0.2, abs=0.025)
    assert first.count("hang") / 3000 == pytest.approx(0.08, abs=0.02)


def test_faults_can_be_of_one_model_and_of_the_whole_house() -> None:
    faults = Faults(always=Fault(kind="status", models=("small",)))
    assert _pick(faults, model="small") == "status"
    assert _pick(faults, model="large") is None
    assert _pick(Faults(always=DOWN), model=None) is None
    assert _pick(Faults(always=Fault(kind="status", everywhere=True)), model=None) == "status"
    assert _pick(Faults(script=(Fault(kind="status", everywhere=True),)), model=None) is None


def test_flapping_follows_its_schedule() -> None:
    faults = Faults(flap=Flap(fault=DOWN, well_s=10, broken_s=5))
    assert [_pick(faults, elapsed=t) for t in (0, 9.9, 10, 14.9, 15, 24.9, 25)] == [
        None, None, "status", "status", None, None, "status",
    ]  # fmt: skip
    assert faults.to_next_change(9.0) == pytest.approx(1.0)
    assert faults.to_next_change(12.0) == pytest.approx(3.0)
    assert not faults.refusing(12.0)
    assert Faults(flap=Flap(fault=Fault(kind="refuse"), well_s=1, broken_s=1)).refusing(1.5)


def test_a_refusal_may_end_by_itself() -> None:
    for_good = Faults(always=Fault(kind="refuse"))
    assert for_good.refusing(1e9)
    assert for_good.to_next_change(0) is None
    short = Faults(always=Fault(kind="refuse", seconds=3))
    assert [short.refusing(t) for t in (0, 2.9, 3)] == [True, True, False]
    assert short.to_next_change(1) == 2
    assert short.to_next_change(4) is None
    assert _pick(short, elapsed=4) is None


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="whole server"):
        Faults(script=(Fault(kind="refuse"),))
    with pytest.raises(ValueError, match="chance"):
        Fault(kind="hang", chance=1.5)
    with pytest.raises(ValueError, match="status"):
        Fault(kind="status", status=200)
    with pytest.raises(ValueError, match="negative"):
        Fault(kind="stall", after=-1)
    with pytest.raises(ValueError, match="above 0"):
        Flap(fault=DOWN, well_s=0, broken_s=1)
