"""The fuzzer's inputs, and changes of them: what coverage-guided fuzzing does for longer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz import targets
from imgdiag.invariants import Breach

CORPUS = Path(__file__).parents[1] / "fuzz" / "corpus"
INPUTS = {
    folder.name: [path.read_bytes() for path in sorted(folder.iterdir())]
    for folder in sorted(CORPUS.iterdir())
}


def test_every_target_has_inputs() -> None:
    assert set(INPUTS) == set(targets.TARGETS)
    assert all(INPUTS.values())


@pytest.mark.parametrize("name", targets.TARGETS)
def test_all_inputs(name: str) -> None:
    for data in INPUTS[name]:
        targets.run(name, data)


@pytest.mark.parametrize("name", targets.TARGETS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_inputs_cut_and_put_together(name: str, data: st.DataObject) -> None:
    first, second = (data.draw(st.sampled_from(INPUTS[name])) for _ in range(2))
    middle = data.draw(st.binary(max_size=8))
    at, back = data.draw(st.integers(0, len(first))), data.draw(st.integers(0, len(second)))
    targets.run(name, first[:at] + middle + second[back:])


def test_a_fault_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    for fault in (Breach("numbers"), ValueError("x"), RecursionError()):

        def fails(data: bytes, fault: Exception = fault) -> None:
            raise fault

        monkeypatch.setitem(targets.TARGETS, "tar", fails)
        with pytest.raises(type(fault)):
            targets.run("tar", b"")
