"""What a firmware image takes of flash and RAM, read from its ELF file without trusting it."""

from __future__ import annotations

import itertools
import os
import stat
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cascade.errors import CascadeError

FILE_BYTES_LIMIT: Final = 256 * 2**20
SECTION_LIMIT: Final = 10_000
SYMBOL_LIMIT: Final = 2_000_000
NAME_BYTES_LIMIT: Final = 512

_SHT_SYMTAB, _SHT_STRTAB, _SHT_NOBITS = 2, 3, 8
_SHF_WRITE, _SHF_ALLOC, _SHF_EXECINSTR = 1, 2, 4
_SIZED_SYMBOLS: Final = (1, 2)
"""Symbol types object and function."""

MACHINES: Final = {
    40: "Arm", 94: "Xtensa", 243: "RISC-V", 93: "ARC", 195: "ARC", 183: "AArch64", 62: "x86-64", 3: "x86",
}
_MICROCONTROLLERS: Final = frozenset({40, 94, 243, 93, 195})


class ElfProblem(CascadeError):
    """An ELF file cannot be used, with the reason."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(file, reason)
        self.file, self.reason = file, reason

    def __str__(self) -> str:
        return f"{self.file}: error {self.reason}"


@dataclass(frozen=True)
class Section:
    """An allocated section and which memory it takes."""

    name: str
    address: int
    size_bytes: int
    kind: str
    """text, rodata, data or bss; data takes flash and RAM."""

    @property
    def flash_bytes(self) -> int:
        """Bytes it takes in flash. [bytes]"""
        return 0 if self.kind == "bss" else self.size_bytes

    @property
    def ram_bytes(self) -> int:
        """Bytes it takes in RAM. [bytes]"""
        return self.size_bytes if self.kind in ("data", "bss") else 0


@dataclass(frozen=True)
class Symbol:
    """A function or object with its size."""

    name: str
    size_bytes: int
    section: str


@dataclass(frozen=True)
class Footprint:
    """Flash and RAM of a firmware image."""

    file: str
    machine: str
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]
    """The largest first."""

    @property
    def flash_bytes(self) -> int:
        """Code, constants and the initial values of data. [bytes]"""
        return sum(section.flash_bytes for section in self.sections)

    @property
    def ram_bytes(self) -> int:
        """Data and zero-initialised data; stack and heap only where the linker script reserves them. [bytes]"""
        return sum(section.ram_bytes for section in self.sections)

    def framework_flash_bytes(self) -> int:
        """Flash of symbols whose names are TFLM's. [bytes]"""
        marks = ("tflite", "TfLite", "arm_nn", "arm_convolve", "arm_depthwise", "arm_fully_connected")
        return sum(one.size_bytes for one in self.symbols if any(mark in one.name for mark in marks))


@dataclass(frozen=True)
class Change:
    """How a section or symbol differs from a baseline."""

    name: str
    before_bytes: int
    after_bytes: int

    @property
    def change_bytes(self) -> int:
        """After minus before. [bytes]"""
        return self.after_bytes - self.before_bytes


def read_footprint(path: str | os.PathLike[str]) -> Footprint:
    """Sections and symbols of an ELF file, or `ElfProblem` with the reason."""
    name = str(path)
    try:
        kind = os.stat(path)
        if not stat.S_ISREG(kind.st_mode):
            raise ElfProblem(name, "not a regular file")
        if kind.st_size > FILE_BYTES_LIMIT:
            raise ElfProblem(name, f"larger than the limit of {FILE_BYTES_LIMIT // 2**20} MB")
        with open(path, "rb") as file:
            data = file.read(FILE_BYTES_LIMIT + 1)
    except (OSError, ValueError) as problem:
        raise ElfProblem(name, f"cannot be read: {problem}") from None
    return footprint(data, name)


def footprint(data: bytes, file: str) -> Footprint:
    """Sections and symbols of the bytes of an ELF file; `file` is its name in messages."""
    return _Reader(data, file).footprint()


def compare(before: Footprint, after: Footprint) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Sections and symbols that differ from a baseline, the largest change first."""
    return (
        _changes([(one.name, one.size_bytes) for one in before.sections],
                 [(one.name, one.size_bytes) for one in after.sections]),
        _changes([(one.name, one.size_bytes) for one in before.symbols],
                 [(one.name, one.size_bytes) for one in after.symbols]),
    )


def _changes(before: Sequence[tuple[str, int]], after: Sequence[tuple[str, int]]) -> tuple[Change, ...]:
    old, new = _sums(before), _sums(after)
    found = [Change(name, old.get(name, 0), new.get(name, 0)) for name in {**old, **new}]
    changed = [one for one in found if one.change_bytes]
    return tuple(sorted(changed, key=lambda one: (-abs(one.change_bytes), one.name)))


def _sums(sizes: Sequence[tuple[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for name, size in sizes:
        total[name] = total.get(name, 0) + size
    return total


@dataclass(frozen=True)
class _Header:
    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    entry_size: int


class _Reader:
    """Reads one file; every offset and count is checked against the bytes that are there."""

    def __init__(self, data: bytes, file: str) -> None:
        self.data, self.file = data, file
        if len(data) < 52 or data[:4] != b"\x7fELF":
            raise ElfProblem(file, "not an ELF file")
        if data[4] not in (1, 2) or data[5] not in (1, 2):
            raise ElfProblem(file, "an ELF file of unknown word size or byte order")
        self.wide, self.order = data[4] == 2, "<" if data[5] == 1 else ">"

    def _unpack(self, layout: str, offset: int) -> tuple[int, ...]:
        size = struct.calcsize(self.order + layout)
        if offset < 0 or offset + size > len(self.data):
            raise ElfProblem(self.file, f"truncated: {size} bytes at offset {offset} lie beyond its end")
        return struct.unpack_from(self.order + layout, self.data, offset)

    def footprint(self) -> Footprint:
        head = self._unpack("HHIQQQIHHHHHH" if self.wide else "HHIIIIIHHHHHH", 16)
        machine, table, entry_size, count, names = head[1], head[5], head[10], head[11], head[12]
        if machine not in _MICROCONTROLLERS:
            raise ElfProblem(self.file, f"built for {MACHINES.get(machine, f'machine {machine}')}, not for a "
                             "microcontroller (Arm, RISC-V, Xtensa, ARC)")
        headers = self._headers(table, entry_size, count)
        if not headers:
            raise ElfProblem(self.file, "no section headers; link without stripping them")
        labels = self._name_table(headers, names)
        named = [self._text(labels, header.name) for header in headers]
        sections = tuple(
            Section(label, header.address, header.size, _kind(header))
            for label, header in zip(named, headers, strict=True)
            if header.flags & _SHF_ALLOC and header.size and not _is_placeholder(label, header)
        )
        self._check(headers, sections)
        symbols = self._symbols(headers, named)
        return Footprint(self.file, MACHINES[machine], sections, symbols)

    def _headers(self, table: int, entry_size: int, count: int) -> list[_Header]:
        needed = 64 if self.wide else 40
        if count == 0 or table == 0:
            return []
        if count > SECTION_LIMIT or entry_size < needed:
            raise ElfProblem(self.file, f"{count} section headers of {entry_size} bytes are not usable")
        found = []
        for number in range(count):
            row = self._unpack("IIQQQQIIQQ" if self.wide else "IIIIIIIIII", table + number * entry_size)
            found.append(_Header(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[9]))
        return found

    def _name_table(self, headers: list[_Header], index: int) -> bytes:
        if index >= len(headers) or headers[index].kind != _SHT_STRTAB:
            raise ElfProblem(self.file, "the table of section names is missing")
        return self._content(headers[index])

    def _content(self, header: _Header) -> bytes:
        if header.offset + header.size > len(self.data):
            raise ElfProblem(self.file, f"truncated: a section of {header.size} bytes at offset {header.offset} lies "
                             "beyond its end")
        return self.data[header.offset : header.offset + header.size]

    def _check(self, headers: list[_Header], sections: tuple[Section, ...]) -> None:
        for header in headers:
            if header.flags & _SHF_ALLOC and header.kind != _SHT_NOBITS and header.size:
                self._content(header)
        limit = 2**32
        placed = sorted(
            (one.address, one.address + one.size_bytes, one.name) for one in sections if one.kind != "bss"
        )
        for section in sections:
            if section.size_bytes > limit or section.address > limit:
                raise ElfProblem(self.file, f"section {section.name} of {section.size_bytes} bytes is not one of a "
                                 "microcontroller")
        for (_, end, first), (start, _, second) in itertools.pairwise(placed):
            if start < end:
                raise ElfProblem(self.file, f"sections {first} and {second} overlap")

    def _text(self, table: bytes, offset: int) -> str:
        if offset >= len(table):
            raise ElfProblem(self.file, f"a name lies at {offset}, beyond its table of {len(table)} bytes")
        end = table.find(b"\0", offset, offset + NAME_BYTES_LIMIT)
        raw = table[offset : end if end >= 0 else min(len(table), offset + NAME_BYTES_LIMIT)]
        return "".join(sign if sign.isprintable() else "?" for sign in raw.decode("utf-8", "replace"))

    def _symbols(self, headers: list[_Header], named: list[str]) -> tuple[Symbol, ...]:
        found: list[Symbol] = []
        row_size = 24 if self.wide else 16
        layout = struct.Struct(self.order + ("IBBHQQ" if self.wide else "IIIBBH"))
        for header in headers:
            if header.kind != _SHT_SYMTAB:
                continue
            if header.link >= len(headers) or headers[header.link].kind != _SHT_STRTAB:
                raise ElfProblem(self.file, "the table of symbol names is missing")
            content, labels = self._content(header), self._content(headers[header.link])
            if header.size // row_size > SYMBOL_LIMIT:
                raise ElfProblem(self.file, f"more than {SYMBOL_LIMIT:,} symbols")
            for row in layout.iter_unpack(content[: len(content) - len(content) % row_size]):
                name, info, section, size = (
                    (row[0], row[1], row[3], row[5]) if self.wide else (row[0], row[3], row[5], row[2])
                )
                if info & 15 in _SIZED_SYMBOLS and size and section < len(headers):
                    found.append(Symbol(self._text(labels, name), size, named[section]))
        return tuple(sorted(found, key=lambda one: (-one.size_bytes, one.name)))


def _is_placeholder(label: str, header: _Header) -> bool:
    """ESP-IDF keeps addresses free with sections that take no memory: .flash_rodata_dummy and the like."""
    return header.kind == _SHT_NOBITS and label.endswith("dummy")


def _kind(header: _Header) -> str:
    if header.kind == _SHT_NOBITS:
        return "bss"
    if header.flags & _SHF_EXECINSTR:
        return "text"
    return "data" if header.flags & _SHF_WRITE else "rodata"
