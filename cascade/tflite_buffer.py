"""A bounds-checked reader of the FlatBuffers wire format. Every read outside the file is a `ModelRejected`.

Format: FlatBuffers internals, https://flatbuffers.dev/internals (little endian, vtables, relative offsets).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cascade.errors import ModelRejected

VECTOR_LENGTH_LIMIT = 1 << 27


@dataclass(frozen=True)
class FlatBuffer:
    """The bytes of one file."""

    data: bytes

    def number(self, form: str, position: int) -> int:
        """The little-endian number of a `struct` form at a byte position."""
        size = struct.calcsize(form)
        if position < 0 or position + size > len(self.data):
            raise ModelRejected(f"damaged file: a number at byte {position} lies outside the file")
        value: int = struct.unpack_from("<" + form, self.data, position)[0]
        return value

    def root(self) -> Table:
        """The table that the first offset of the file points to."""
        return self.table_at(0)

    def table_at(self, position: int) -> Table:
        """The table that the offset at this position points to."""
        start = position + self.number("I", position)
        vtable = start - self.number("i", start)
        if vtable < 0 or vtable + 4 > len(self.data):
            raise ModelRejected(f"damaged file: the field list of the table at byte {start} lies outside the file")
        vtable_bytes = self.number("H", vtable)
        table_bytes = self.number("H", vtable + 2)
        if vtable_bytes < 4 or vtable + vtable_bytes > len(self.data) or start + table_bytes > len(self.data):
            raise ModelRejected(f"damaged file: the table at byte {start} is longer than the file")
        return Table(self, start, vtable, vtable_bytes, table_bytes)


@dataclass(frozen=True)
class Table:
    """One table: fields found through its field list (vtable)."""

    buffer: FlatBuffer
    start: int
    vtable: int
    vtable_bytes: int
    table_bytes: int

    def position(self, slot: int) -> int | None:
        """Byte position of a field, None where the file leaves it out."""
        entry = 4 + 2 * slot
        if entry + 2 > self.vtable_bytes:
            return None
        offset = self.buffer.number("H", self.vtable + entry)
        if not offset:
            return None
        if offset >= self.table_bytes:
            raise ModelRejected(f"damaged file: field {slot} of the table at byte {self.start} lies outside it")
        return self.start + offset

    def number(self, slot: int, form: str, default: int = 0) -> int:
        """A scalar field, or its default."""
        position = self.position(slot)
        return default if position is None else self.buffer.number(form, position)

    def table(self, slot: int) -> Table | None:
        """A field that is a table."""
        position = self.position(slot)
        return None if position is None else self.buffer.table_at(position)

    def _vector(self, slot: int, item_bytes: int) -> tuple[int, int]:
        """(first byte, length) of a vector field; length 0 where the file leaves it out."""
        position = self.position(slot)
        if position is None:
            return 0, 0
        start = position + self.buffer.number("I", position)
        length = self.buffer.number("I", start)
        if length > VECTOR_LENGTH_LIMIT or start + 4 + length * item_bytes > len(self.buffer.data):
            raise ModelRejected(f"damaged file: a list of {length} items at byte {start} is longer than the file")
        return start + 4, length

    def tables(self, slot: int, limit: int) -> tuple[Table, ...]:
        """A field that is a list of at most `limit` tables."""
        start, length = self._vector(slot, 4)
        if length > limit:
            raise ModelRejected(f"a list of {length} entries is longer than the limit of {limit}")
        return tuple(self.buffer.table_at(start + 4 * index) for index in range(length))

    def numbers(self, slot: int, dtype: str) -> npt.NDArray[np.generic]:
        """A field that is a list of numbers. Shape (length,)"""
        item_type = np.dtype(dtype)
        start, length = self._vector(slot, item_type.itemsize)
        return np.frombuffer(self.buffer.data, item_type, length, start) if length else np.empty(0, item_type)

    def integers(self, slot: int, limit: int = 1 << 20) -> tuple[int, ...]:
        """A field that is a list of 32-bit integers."""
        values = self.numbers(slot, "<i4")
        if len(values) > limit:
            raise ModelRejected(f"a list of {len(values)} numbers is longer than the limit of {limit}")
        return tuple(int(value) for value in values)

    def text(self, slot: int) -> str:
        """A field that is a text, cut at 200 characters; undecodable bytes are marked."""
        start, length = self._vector(slot, 1)
        return self.buffer.data[start : start + min(length, 800)].decode("utf-8", "replace")[:200]

    def byte_range(self, slot: int) -> tuple[int, int]:
        """(first byte in the file, length) of a field that is a list of bytes."""
        return self._vector(slot, 1)
