"""Reads a scenario: file and variants, models of the blocks, parts from profiles, score tables and model files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from powerplan.components.spec import Part, PartError
from powerplan.errors import ExitCode, InputError, ModelError, PowerplanError, Problem
from powerplan.files.arenas import kept_arena
from powerplan.files.layers import Layers, read_layers
from powerplan.files.problems import problem_at, problems_from
from powerplan.files.references import ReferenceProblem, beside, find_model, find_scores, shipped_cascades, zoo_folder
from powerplan.files.strict_yaml import path_text
from powerplan.lowering.rests import is_auto, settled
from powerplan.lowering.world import CascadeInput, score_columns
from powerplan.model.expression import ExpressionError, names_in
from powerplan.model.requirement import Requirement, RequirementError, parse_requirement
from powerplan.model.scenario import Cascade, Scenario

if TYPE_CHECKING:
    from cascade.arena import Arena
    from cascade.scores import ScoreTable
    from cascade.tflite import ModelFacts
    from powerplan.files.scoring import Proof


@dataclass(frozen=True)
class FirmwareSize:
    """What the program takes of flash and RAM."""

    flash_bytes: int | None
    ram_bytes: int | None
    models_included: bool
    source: str


@dataclass(frozen=True)
class Loaded:
    """A scenario, ready to be lowered, with everything it names read once."""

    path: Path
    layers: Layers
    scenario: Scenario
    parts: dict[str, Part[Any, Any]]
    inputs: dict[str, CascadeInput]
    requirements: tuple[Requirement, ...]
    hashes: dict[str, str]
    """What was read -> SHA-256 of its bytes."""

    firmware: FirmwareSize | None = None
    """Measured or stated size of the program."""
    warnings: tuple[Problem, ...] = ()
    """What was noticed and does not stop a run."""

    def layers_problem(self, path: tuple[str | int, ...], message: str) -> Problem:
        """A problem found after reading, at its place in the file that says it."""
        code = "PP306" if "no figure for" in message else "PP301"
        where = path_text(path)
        return problem_at(self.layers, path, code, message if message.startswith(where) else f"{where}: {message}")


def load_scenario(path: Path) -> Loaded:
    """A scenario file with all it needs. Raises InputError with every problem found."""
    return loaded_from(path, read_layers(path))


def loaded_from(path: Path, layers: Layers, before: Loaded | None = None) -> Loaded:
    """A scenario that was read, with all it needs. Raises InputError with every problem found.

    What is the same as in `before` (parts, score tables, models) is taken from there and not read again.
    """
    problems: list[Problem] = []
    hashes = {document.name: document.sha256 for document in layers.documents}
    folder = path.resolve().parent
    stated = layers.keys.get("parts")
    entries = {name: entry for name, entry in (stated if isinstance(stated, dict) else {}).items()
               if isinstance(entry, dict)}
    known = _known_parts(entries, before)
    changed = {name: entry for name, entry in entries.items() if name not in known}
    built = known | _parts(changed, layers, folder, problems, hashes)
    parts = {name: built[name] for name in entries if name in built}
    try:
        scenario = Scenario.model_validate(layers.keys)
    except ValidationError as error:
        raise InputError(_in_order([*problems_from(error, layers, Scenario), *problems])) from None
    parts = _settled(scenario, parts, layers, problems)
    same = {name: before.inputs[name] for name, cascade in scenario.cascade.items()
            if _same_input(before.scenario.cascade.get(name), cascade)} if before is not None else {}
    inputs = {name: same[name] if name in same else _cascade_input(name, cascade, layers, folder, problems, hashes)
              for name, cascade in scenario.cascade.items()}
    requirements = _requirements(scenario, layers, problems)
    _check_metrics(scenario, layers, problems)
    firmware = _firmware(scenario, layers, folder, problems, hashes)
    if any(problem.severity == "error" for problem in problems):
        raise InputError(_in_order(problems))
    hashes = {**before.hashes, **hashes} if before is not None else hashes
    return Loaded(path, layers, scenario, parts, inputs, requirements, hashes, firmware, tuple(problems))


def _known_parts(entries: Mapping[str, dict[str, Any]], before: Loaded | None) -> dict[str, Part[Any, Any]]:
    """Parts that are written as before."""
    if before is None:
        return {}
    stated = before.layers.keys["parts"]
    return {name: before.parts[name] for name, entry in entries.items()
            if stated.get(name) == entry and not before.parts[name].chosen}


def _settled(scenario: Scenario, parts: dict[str, Part[Any, Any]], layers: Layers, problems: list[Problem]
             ) -> dict[str, Part[Any, Any]]:
    """The parts with `rest: auto` decided; what cannot be decided is a problem."""
    try:
        return settled(scenario, parts)
    except PartError as error:
        problems.append(problem_at(layers, ("parts", error.part, *error.path), "PP301", error.given, error.allowed))
        return parts


def _same_input(one: Cascade | None, other: Cascade) -> bool:
    """Whether two cascades read the same scores and models."""
    if one is None:
        return False
    fields = ("scores", "data", "labels", "background", "target")
    return (all(getattr(one, name) == getattr(other, name) for name in fields)
            and [(level.model, level.score_column, level.measured) for level in one.levels]
            == [(level.model, level.score_column, level.measured) for level in other.levels])


def _firmware(scenario: Scenario, layers: Layers, folder: Path, problems: list[Problem], hashes: dict[str, str]
              ) -> FirmwareSize | None:
    """Sizes of the program: stated ones, else those of its image."""
    given = scenario.firmware
    if given is None:
        return None
    flash = round(given.flash.typ) if given.flash else None
    ram = round(given.ram.typ) if given.ram else None
    if given.image is not None:
        from cascade.cost.elf import read_footprint
        from cascade.errors import CascadeError

        at = ("firmware", "image")
        try:
            file = beside(folder, given.image)
            found = read_footprint(file)
        except ReferenceProblem as error:
            problems.append(problem_at(layers, at, "PP303", f"{error.given!r} {error.message}", error.hint))
            return None
        except CascadeError as error:
            problems.append(problem_at(layers, at, "PP304", str(error), "a linked image (ELF) of the microcontroller"))
            return None
        hashes[f"firmware {given.image}"] = _sha256(file)
        flash, ram = flash or found.flash_bytes, ram or found.ram_bytes
    return FirmwareSize(flash, ram, given.models_included, given.image or "the scenario")


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))


def _parts(entries: Mapping[str, dict[str, Any]], layers: Layers, folder: Path, problems: list[Problem],
           hashes: dict[str, str]) -> dict[str, Part[Any, Any]]:
    """Parts that can be built and lowered; what is wrong with the others goes to `problems`."""
    from powerplan.components.registry import build, kind
    from powerplan.files.library import load_profile

    found: dict[str, Part[Any, Any]] = {}
    for name, entry in entries.items():
        at = ("parts", name)
        profile = None
        try:
            if entry.get("profile") is not None:
                profile = load_profile(str(entry["profile"]), beside=folder)
                hashes[f"profile {profile.name}"] = profile.sha256
            part: Any = build(name, entry, profile)
            if not is_auto(part):
                part.lower(part.use_typical)
            found[name] = part
        except ValidationError as error:
            chosen = profile.kind if profile else str(entry.get("kind"))
            problems.extend(problems_from(error, layers, kind(chosen).options, at=at))
        except InputError as error:
            problems.extend(placed(error, layers, (*at, "profile")))
        except PowerplanError as error:
            path = (*at, *getattr(error, "path", ()))
            given = getattr(error, "given", "") or str(error)
            problems.append(problem_at(layers, path, "PP301", f"parts.{name}: {given}", getattr(error, "allowed", "")))
    return found


def placed(error: InputError, layers: Layers, path: tuple[str | int, ...]) -> list[Problem]:
    """Problems of something the scenario names; those without a file of their own get the place that names it."""
    return [problem if problem.file else problem_at(layers, path, problem.code, problem.message, problem.hint)
            for problem in error.problems]


def _cascade_input(name: str, cascade: Cascade, layers: Layers, folder: Path, problems: list[Problem],
                   hashes: dict[str, str]) -> CascadeInput:
    at = ("cascade", name)
    table = _table(name, cascade, layers, folder, problems, hashes)
    facts: list[ModelFacts | None] = []
    measured: list[Path | None] = []
    arenas: list[Arena | None] = []
    for number, level in enumerate(cascade.levels):
        arenas.append(None)
        path = (*at, f"level{number + 1}", "model")
        try:
            file = find_model(folder, level.model, cascade.scores, number)
            facts.append(_read_model(file) if file else None)
            if file is not None and facts[-1] is not None:
                hashes[f"model {level.model or file.parent.name + '/' + file.name}"] = facts[-1].sha256
                arenas[-1] = kept_arena(file, facts[-1].sha256) if level.ram is None else None
        except ReferenceProblem as error:
            facts.append(None)
            problems.append(problem_at(layers, path, "PP303", f"{error.given!r} {error.message}", error.hint))
        try:
            result = beside(folder, level.measured) if level.measured is not None else None
            if result is not None:
                hashes[f"measured {level.measured}"] = _sha256(result)
            measured.append(result)
        except ReferenceProblem as error:
            measured.append(None)
            problems.append(problem_at(layers, (*path[:-1], "measured"), "PP303", f"{error.given!r} {error.message}",
                                       error.hint))
    _check_labels(name, cascade, table, layers, problems)
    return CascadeInput(table, tuple(facts), tuple(measured), tuple(arenas))


def _read_model(file: Path) -> ModelFacts:
    """Facts of a model file by the static check. Raises ModelError."""
    from cascade.errors import CascadeError
    from cascade.tflite import read_model
    from powerplan.errors import ModelError

    try:
        return read_model(file)
    except CascadeError as error:
        raise ModelError(f"{file.name}: {error}") from None


def _table(name: str, cascade: Cascade, layers: Layers, folder: Path, problems: list[Problem],
           hashes: dict[str, str]) -> ScoreTable | None:
    if cascade.scores is None and cascade.data is None:
        return None
    from cascade.errors import CascadeError
    from cascade.scores import read_scores

    at = ("cascade", name, "scores" if cascade.data is None else "data")
    try:
        if cascade.data is not None:
            file = beside(folder, cascade.data)
            table = _scored(cascade, folder, file)
        else:
            file = find_scores(folder, str(cascade.scores))
            table = read_scores(file)
    except ReferenceProblem as error:
        problems.append(problem_at(layers, at, "PP303", f"{error.given!r} {error.message}", error.hint))
        return None
    except CascadeError as error:
        if int(error.exit_code) == ExitCode.MODEL:
            raise ModelError(f"cascade.{name}: {error}") from None
        problems.append(problem_at(layers, at, "PP308", str(error), "see the score table"))
        return None
    hashes[f"scores {cascade.scores or cascade.data}"] = _sha256(file)
    wanted = max(score_columns(cascade)) + 1
    if table.level_count < wanted:
        problems.append(problem_at(layers, at, "PP308", f"the table has {table.level_count} score columns, the "
                                   f"levels of the cascade read {wanted}", "one score column per level"))
        return None
    return table


def _scored(cascade: Cascade, folder: Path, data: Path) -> ScoreTable:
    """Scores by the two models of a cascade. Raises ReferenceProblem, CascadeError."""
    from powerplan.files.scoring import scored

    models = [find_model(folder, level.model, None, number) for number, level in enumerate(cascade.levels)]
    files = [model for model in models if model is not None]
    if len(files) != len(models) or len(files) > 2:
        raise ReferenceProblem(data.name, "needs two model files to score it", "example: level1: {model: small.tflite}")
    return scored(files, data)


def proofs(loaded: Loaded) -> list[Proof]:
    """Plays shipped samples through the shipped models whose scores are used. Raises ModelError."""
    from powerplan.files.scoring import prove

    found = []
    for name, cascade in loaded.scenario.cascade.items():
        table, place = loaded.inputs[name].table, zoo_folder() / str(cascade.scores)
        if cascade.scores in shipped_cascades() and table is not None and (place / "test_data.npz").is_file():
            models = [place / f"level{number}.tflite" for number in (1, 2)]
            found.append(prove(name, models, place / "test_data.npz", table))
    return found


def _sha256(file: Path) -> str:
    import hashlib

    return hashlib.sha256(file.read_bytes()).hexdigest()


def _check_labels(name: str, cascade: Cascade, table: ScoreTable | None, layers: Layers, problems: list[Problem]
                  ) -> None:
    """Labels of the scenario must stand in the table."""
    if table is None:
        return
    known = sorted({str(label) for label in table.label})
    for label, there in cascade.labels.items():
        if str(there) not in known:
            problems.append(problem_at(layers, ("cascade", name, "labels", label), "PP301",
                                       f"cascade.{name}.labels: the score table has no label {there!r}",
                                       f"it has: {', '.join(known)}"))
    for label in cascade.background:
        if label not in cascade.labels and label not in known:
            problems.append(problem_at(layers, ("cascade", name, "background", label), "PP301",
                                       f"cascade.{name}.background: no label {label!r}",
                                       f"known: {', '.join([*cascade.labels, *known])}"))
    if not cascade.labels:
        problems.append(problem_at(layers, ("cascade", name), "PP101", f"cascade.{name}.labels is required with scores",
                                   f"example: labels: {{{known[0]}: {known[0]}}}"))
    elif cascade.target is not None and cascade.target not in cascade.labels:
        problems.append(problem_at(layers, ("cascade", name, "target"), "PP301",
                                   f"cascade.{name}.target: no label {cascade.target!r}",
                                   f"labels: {', '.join(cascade.labels)}"))


def _requirements(scenario: Scenario, layers: Layers, problems: list[Problem]) -> tuple[Requirement, ...]:
    found = []
    for name, text in scenario.requirements.items():
        try:
            found.append(parse_requirement(name, text, names_of(scenario)))
        except RequirementError as error:
            problems.append(problem_at(layers, ("requirements", name), "PP305", f"{name}: {error.message}", error.hint))
    return tuple(found)


def _check_metrics(scenario: Scenario, layers: Layers, problems: list[Problem]) -> None:
    """Derived metrics must be expressions that can be read."""
    for name, text in scenario.metrics.items():
        try:
            names_in(text)
        except ExpressionError as error:
            problems.append(problem_at(layers, ("metrics", name), "PP305", f"{name}: {error.message}", error.hint))


def names_of(scenario: Scenario) -> Mapping[str, tuple[str, ...]]:
    """What metrics may be about."""
    return {"tasks": tuple(scenario.tasks), "cascades": tuple(scenario.cascade), "parts": tuple(scenario.parts),
            "metrics": tuple(scenario.metrics), "events": tuple(scenario.workload.events)}
