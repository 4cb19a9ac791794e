"""The rules of a profile, each broken once."""

from pathlib import Path

import pytest

from powerplan.errors import InputError
from powerplan.files.library import check_profile, list_profiles, load_profile

HEAD = "kind: {kind}\nname: X\nsources: {{ds: a datasheet}}\n"
F = "source: ds, basis: datasheet"


def problems(tmp_path: Path, kind: str, body: str) -> list[tuple[str, str, str]]:
    path = tmp_path / "x.yaml"
    path.write_text(HEAD.format(kind=kind) + body, encoding="utf-8")
    return [(problem.severity, problem.code, problem.message) for problem in check_profile(path)]


@pytest.mark.parametrize(
    ("kind", "body", "severity", "words"),
    [
        pytest.param(
            "mcu", f"run: {{a: {{clock: 80 MHz, workload: typical, current: {{value: 195 nA, {F}}}}}}}",
            "warning", "below 1 uA/MHz", id="195 nA while working",
        ),
        pytest.param(
            "mcu", f"run: {{a: {{clock: 1 MHz, workload: typical, current: {{value: 1 mA, {F}}}}}}}\n"
            f"sleep: {{s: {{current: {{value: 2 mA, {F}}}}}}}",
            "error", "sleeping draws more than running", id="sleep above run",
        ),
        pytest.param(
            "mcu", "run: {a: {clock: 1 MHz, workload: typical, supply: 3 V,"
            f" current: {{value: 1 mA, {F}}}, power: {{value: 5 mW, {F}}}}}}}",
            "error", "not current x supply", id="power is not current times supply",
        ),
        pytest.param(
            "mcu", f"run:\n  a: {{clock: 1 MHz, workload: typical, current: {{value: 2 mA, {F}}}}}\n"
            f"  b: {{clock: 2 MHz, workload: typical, current: {{value: 1 mA, {F}}}}}",
            "error", "a higher clock draws less", id="not monotone",
        ),
        pytest.param(
            "mcu", f"ram: {{value: 64 KiB, {F}}}\nsleep: {{s: {{current: {{value: 1 uA, {F}}}, ram_kept: 128 KiB}}}}",
            "error", "more RAM than the chip has", id="keeps too much",
        ),
        pytest.param("mcu", "default_sleep: nap", "error", 'there is no "nap"', id="a state that is not there"),
        pytest.param(
            "mcu", "throughput: [{model: m, dtype: int8, runtime: r, clock: 1 MHz, latency: 10 ms, energy: 1 J,"
            " power: 1 mW, source: ds, basis: measured}]",
            "error", "x power x latency", id="energy is not power times time",
        ),
        pytest.param(
            "load", "current: {value: 1 mA, source: book, basis: datasheet}",
            "error", 'source "book" is not in sources', id="unknown source",
        ),
        pytest.param("load", f"current: {{value: 200 A, {F}}}", "error", "out of range", id="200 A"),
        pytest.param(
            "camera", f"modes: {{m: {{current: {{value: 1 mA, {F}}}}}}}\nstandby: {{current: {{value: 2 mA, {F}}}}}",
            "error", "standby draws more than streaming", id="camera standby",
        ),
        pytest.param(
            "microphone", f"modes: {{m: {{current: {{value: 1 uA, {F}}}}}}}\nsleep: {{current: {{value: 2 mA, {F}}}}}",
            "error", "sleep draws more than listening", id="microphone sleep",
        ),
        pytest.param("sensor", "default_rest: nap", "error", 'there is no "nap"', id="sensor rest"),
        pytest.param(
            "radio", f"tx:\n  0 dBm: {{current: {{value: 9 mA, {F}}}}}\n  8 dBm: {{current: {{value: 8 mA, {F}}}}}",
            "error", "more transmit power draws less", id="transmit power",
        ),
        pytest.param("radio", "tx: {loud: {}}", "error", "not a transmit power", id="a label that is no power"),
        pytest.param(
            "radio", f"sessions: {{s: {{duration: {{value: 1 s, {F}}}, energy: {{value: 1 J, {F}}},"
            f" charge: {{value: 1 C, {F}}}}}}}",
            "error", "one of current, power, charge, energy", id="a session with two draws",
        ),
    ],
)  # fmt: skip
def test_a_broken_rule_is_found(tmp_path: Path, kind: str, body: str, severity: str, words: str) -> None:
    found = problems(tmp_path, kind, body)
    assert any(words in message and severity == given for given, _, message in found), found


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        pytest.param("kind: mcuu\nname: X", "PP103", 'did you mean "mcu"', id="unknown kind"),
        pytest.param("name: X", "PP103", "kind is required", id="no kind"),
        pytest.param("- 1", "PP102", "a profile is a map", id="a list"),
        pytest.param("kind: load\nname: X\ncurent: 1 mA", "PP104", "curent", id="unknown key"),
        pytest.param("kind: load\nname: X\ncurrent: 1 mA", "PP204", "source", id="a figure without source"),
        pytest.param("kind: load\nname: X\nextends: lock_moter", "PP301", "lock_motor", id="extends nothing"),
        pytest.param("kind: load\nname: X\nextends: x", "PP302", "x -> x", id="extends itself"),
        pytest.param(
            "kind: load\nname: X\nextends: lock_motor\nsources: {products: other}", "PP304", "products",
            id="a source that changes its meaning",
        ),
    ],
)  # fmt: skip
def test_a_profile_that_cannot_be_read(tmp_path: Path, body: str, code: str, words: str) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "x.yaml").write_text(body, encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        load_profile("x", beside=tmp_path)
    (problem,) = refusal.value.problems
    assert problem.code == code
    assert words in str(problem)
    assert problem.file.endswith("x.yaml")
    assert problem.line >= 1


def test_profiles_beside_the_scenario_come_first(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    head = "kind: load\nname: 我的电机\nsources: {m: 测量}\n"
    own = head + "current: {value: 1 A, source: m, basis: measured}\n"
    (folder / "lock_motor.yaml").write_text(own, encoding="utf-8")
    profile = load_profile("lock_motor", beside=tmp_path)
    assert (profile.spec.name, profile.spec.sources["m"]) == ("我的电机", "测量")
    assert load_profile("lock_motor").spec.name == "Door-lock motor"
    assert [listed.shipped for listed in list_profiles("load", tmp_path) if listed.name == "lock_motor"] == [False]


def test_a_circle_is_printed(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "a.yaml").write_text("kind: load\nname: A\nextends: b\n", encoding="utf-8")
    (folder / "b.yaml").write_text("kind: load\nname: B\nextends: a\n", encoding="utf-8")
    with pytest.raises(InputError, match="a -> b -> a"):
        load_profile("a", beside=tmp_path)


def test_an_extended_profile_keeps_what_it_does_not_change(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    text = "extends: nrf52840_ble\nname: Mine\nkind: radio\ntx: {8 dBm: null}\nsources: {me: bench}\n"
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    mine, base = load_profile("mine", beside=tmp_path), load_profile("nrf52840_ble")
    assert list(mine.data["tx"]) == ["0 dBm"]
    assert mine.data["rx"] == base.data["rx"]
    assert mine.sha256 != base.sha256


@pytest.mark.parametrize("name", ["../mcu/stm32u585", "", "stm32u5855", "/etc/passwd", "a" * 100])
def test_an_unknown_name_gives_the_nearest(name: str) -> None:
    with pytest.raises(InputError) as refusal:
        load_profile(name, kind="mcu")
    assert "unknown mcu profile" in str(refusal.value)
