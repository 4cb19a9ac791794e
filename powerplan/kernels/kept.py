"""Compiled functions kept as object code, which a fresh process calls without importing numba.

Importing numba and having it load its own cache takes most of the time to a first answer. `powerplan doctor --warm-up`
writes the engine's functions here, for the one kind of arguments that Plans have; llvmlite, the part of numba that
talks to the processor, loads them. Where they are missing, were made from other sources, by another numba or for
another processor, or where the arguments are of another kind, numba compiles or loads as ever.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from powerplan.kernels.loaded import digest_of

Functions = dict[str, Callable[..., Any]]
Kind = Any
"""Of an argument: a name, ["array", dtype, dimensions] or ["tuple", kinds]; as JSON holds it."""
WORDS: dict[str, Any] = {"ptr": ctypes.c_void_p, "i64": ctypes.c_int64, "double": ctypes.c_double, "i8": ctypes.c_uint8}
SCALARS: dict[str, tuple[str, Any]] = {
    "int64": ("i64", (int, np.integer)), "float64": ("double", (float,)), "bool": ("i8", (bool, np.bool_))}
C_LIBRARY = frozenset(("sqrt", "exp", "log", "pow", "floor", "ceil", "fabs", "memset", "memcpy", "memmove"))
"""What kept code may call of the process it is loaded into."""
RESULTS: dict[str, Callable[[int], Any]] = {"int64": int, "bool": lambda word: bool(word & 1), "none": lambda _: None}
DTYPES = {name: np.dtype(name) for name in ("int64", "float64")}
DONE = (0, -2)
"""Of numba's: returned a value, returned nothing."""
SUFFIX = ".kept"


class OtherKind(Exception):
    """An argument is not of the kind that a kept function takes."""


class Kept:
    """A function in object code; another one takes over for arguments of another kind."""

    def __init__(self, code: bytes, about: Mapping[str, Any], other: Callable[[], Callable[..., Any]]) -> None:
        words = [WORDS[word] for word in about["words"]]
        function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *words)
        self._engine, address = loaded(code, about["symbol"], about["needs"])
        self._call = function(address)
        self._kinds, self._result, self._other = about["arguments"], RESULTS[about["result"]], other

    def __call__(self, *arguments: Any) -> Any:
        words: list[Any] = []
        try:
            add_words(words, ["tuple", self._kinds], arguments)
        except OtherKind:
            return self._other()(*arguments)
        result, error = ctypes.c_int64(0), ctypes.c_void_p(None)
        status = self._call(ctypes.addressof(result), ctypes.addressof(error), *words)
        if status not in DONE:
            raise RuntimeError(f"compiled code failed with status {status}")
        return self._result(result.value)


def add_words(words: list[Any], kind: Kind, value: Any) -> None:
    """The words by which numba hands over an argument. Raises OtherKind."""
    if kind[0] == "array":
        if type(value) is not np.ndarray or value.dtype is not DTYPES[kind[1]] or value.ndim != kind[2] \
                or not value.flags.carray:
            raise OtherKind
        # The short way to an address cannot be gone where there is nothing to point at.
        begin = ctypes.addressof(ctypes.c_char.from_buffer(value.data)) if value.size else value.ctypes.data
        words += (None, None, value.size, value.itemsize, begin, *value.shape, *value.strides)
    elif kind[0] == "tuple":
        if not isinstance(value, tuple) or len(value) != len(kind[1]):
            raise OtherKind
        for one, part in zip(kind[1], value, strict=True):
            add_words(words, one, part)
    elif isinstance(value, SCALARS[kind][1]) and (kind == "bool" or not isinstance(value, bool)):
        words.append(value if kind == "float64" else int(value))
    else:
        raise OtherKind


def load(name: str, stamp: str, others: Callable[[], Functions]) -> Functions | None:
    """The functions kept under a name, by name; None where there are none of this stamp, numba and processor."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":
        return None
    try:
        path = next(file for place in _places() if (file := place / f"{name}_{_digest(stamp)}{SUFFIX}").is_file())
        head, _, code = path.read_bytes().partition(b"\n")
        about = json.loads(head)
        if hashlib.sha256(code).hexdigest() != about["sha256"]:
            return None
        return {function: Kept(code[told["begin"]:told["end"]], told, _later(others, function))
                for function, told in about["functions"].items()}
    except (StopIteration, ImportError, PackageNotFoundError, OSError, ValueError, KeyError):
        return None


def _later(others: Callable[[], Functions], name: str) -> Callable[[], Callable[..., Any]]:
    return lambda: others()[name]


def keep(name: str, stamp: str, functions: Functions, wanted: Iterable[str]) -> bool:
    """Keep functions that were called in this process; False where nothing can be written or they cannot be kept."""
    about: dict[str, Any] = {}
    code = b""
    for function in wanted:
        found = _object_code(functions[function])
        if found is None:
            return False
        told, added = found
        about[function] = {**told, "begin": len(code), "end": len(code) + len(added)}
        code += added
    head = {"functions": about, "sha256": hashlib.sha256(code).hexdigest()}
    data = json.dumps(head).encode() + b"\n" + code
    return any(_written(place, f"{name}_", f"{name}_{_digest(stamp)}{SUFFIX}", data) for place in _places())


def _written(place: Path, prefix: str, name: str, data: bytes) -> bool:
    """The file appears as a whole, and those before it go."""
    with suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(place / name)
        for old in place.glob(f"{prefix}*{SUFFIX}"):
            if old.name != name:
                old.unlink(missing_ok=True)
        return True
    return False


def _places() -> list[Path]:
    """Where numba would keep its own cache: the place it is told, else beside the sources, else in the user's cache."""
    if told := os.environ.get("NUMBA_CACHE_DIR"):
        return [Path(told) / "powerplan"]
    users = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return [Path(__file__).parent / "__pycache__", Path(users) / "powerplan" / "compiled"]


def _digest(stamp: str) -> str:
    """Of everything that object code depends on. Raises ImportError, PackageNotFoundError."""
    from llvmlite import binding

    parts = (stamp, version("numba"), version("llvmlite"), binding.get_default_triple(), binding.get_host_cpu_name(),
             binding.get_host_cpu_features().flatten(), digest_of([sys.modules[__name__]]))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _machine() -> Any:
    """This processor, as numba sees it; each engine owns one and ends it."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple()
    return target.create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=3,
        reloc="static" if target.name.startswith("x86") else "default", codemodel="jitdefault", jit=True)


def loaded(code: bytes, symbol: str, needs: Iterable[str]) -> tuple[Any, int]:
    """(what holds the code in memory, where a function of it begins). Raises ValueError where something is missing."""
    from llvmlite import binding

    if missing := [name for name in needs if not binding.address_of_symbol(name)]:
        raise ValueError(missing)
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), _machine())
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    address = int(engine.get_function_address(symbol))
    if not address:
        raise ValueError(symbol)
    return engine, address


def _object_code(function: Any) -> tuple[dict[str, Any], bytes] | None:
    """How to call a function as it was first called here, and its code; None where it cannot stand alone."""
    import numba
    from llvmlite import binding

    if not getattr(function, "signatures", None):
        return None
    signature = function.signatures[0]
    options = {key: value for key, value in function.targetoptions.items() if key not in ("nopython", "cache")}
    twin = numba.njit(**options | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True})(function.py_func)
    twin.compile(signature)
    made = twin.overloads[signature]
    kinds = [_kind(one) for one in made.signature.args]
    result, symbol = str(made.signature.return_type), made.fndesc.llvm_func_name
    module = binding.parse_assembly(twin.inspect_llvm(signature))
    taken = [str(one.type) for one in module.get_function(symbol).arguments][2:]
    declared = {one.name for one in module.functions if one.is_declaration}
    called = {name for name in declared if not name.startswith("llvm.")}
    needs = called | {name.split(".")[1] for name in declared - called} & C_LIBRARY
    stands_alone = None not in kinds and result in RESULTS and called <= C_LIBRARY
    if not stands_alone or taken != [word for kind in kinds for word in _words(kind)]:
        return None
    told = {"symbol": symbol, "arguments": kinds, "words": taken, "result": result, "needs": sorted(needs)}
    return told, _machine().emit_object(module)


def _kind(given: Any) -> Kind | None:
    """A type of numba's as kind; None for those that are not kept."""
    from numba import types

    if isinstance(given, types.BaseTuple):
        kinds = [_kind(one) for one in given]  # type: ignore[attr-defined]
        return None if None in kinds else ["tuple", kinds]
    if isinstance(given, types.Array):
        plain = given.layout == "C" and given.mutable and given.aligned
        return ["array", str(given.dtype), given.ndim] if plain and str(given.dtype) in DTYPES else None
    return str(given) if str(given) in SCALARS else None


def _words(kind: Kind) -> list[str]:
    """Types of the words of an argument."""
    if isinstance(kind, str):
        return [SCALARS[kind][0]]
    shape, *details = kind
    if shape == "tuple":
        return [word for one in details[0] for word in _words(one)]
    return ["ptr", "ptr", "i64", "i64", "ptr", *["i64"] * (2 * details[1])]
