"""ELF files: a hand-made firmware, a baseline, and everything that can be wrong with a file."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.cost.elf import ElfProblem, compare, footprint, read_footprint

ALLOC, WRITE, EXEC = 2, 1, 4


def image(sections, symbols=(), machine=40, order="<"):
    """A 32-bit ELF file: sections (name, flags, address, size, is_bss), symbols (name, size, section number)."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name, *_ in sections) + b".shstrtab\0.symtab\0.strtab\0"
    labels = b"\0" + b"".join(name.encode() + b"\0" for name, *_ in symbols)
    rows, body = [(0,) * 10], b""

    def place(data):
        nonlocal body
        offset = 52 + len(body)
        body += data
        return offset

    for name, flags, address, size, is_bss in sections:
        offset = place(b"" if is_bss else bytes(size))
        rows.append((names.index(name.encode() + b"\0"), 8 if is_bss else 1, flags, address, offset, size, 0, 0, 4, 0))
    table = b"\0" * 16
    for name, size, section in symbols:
        table += struct.pack(order + "IIIBBH", labels.index(name.encode() + b"\0"), 0, size, 2, 0, section)
    count = len(sections) + 1
    rows.append((names.index(b".shstrtab"), 3, 0, 0, place(names), len(names), 0, 0, 1, 0))
    rows.append((names.index(b".symtab"), 2, 0, 0, place(table), len(table), count + 2, 0, 4, 16))
    rows.append((names.index(b".strtab"), 3, 0, 0, place(labels), len(labels), 0, 0, 1, 0))
    headers = b"".join(struct.pack(order + "IIIIIIIIII", *row) for row in rows)
    head = b"\x7fELF" + bytes([1, 1 if order == "<" else 2, 1]) + bytes(9)
    head += struct.pack(order + "HHIIIIIHHHHHH", 2, machine, 1, 0, 0, 52 + len(body), 0, 52, 0, 0, 40, len(rows), count)
    return head + body + headers


FIRMWARE = [
    (".text", ALLOC | EXEC, 0x0800_0000, 4000, False),
    (".rodata", ALLOC, 0x0800_2000, 1000, False),
    (".data", ALLOC | WRITE, 0x2000_0000, 200, False),
    (".bss", ALLOC | WRITE, 0x2000_1000, 8192, True),
    (".comment", 0, 0, 64, False),
]
SYMBOLS = [("main", 120, 1), ("tflite_interpreter", 900, 1), ("arena", 8000, 4)]


@pytest.mark.parametrize("order", ["<", ">"], ids=["little-endian", "big-endian"])
def test_flash_and_ram_of_a_firmware(order):
    found = footprint(image(FIRMWARE, SYMBOLS, order=order), "app.elf")
    assert (found.flash_bytes, found.ram_bytes) == (5200, 8392)
    assert [(one.name, one.size_bytes, one.section) for one in found.symbols] == [
        ("arena", 8000, ".bss"), ("tflite_interpreter", 900, ".text"), ("main", 120, ".text"),
    ]
    assert found.machine == "Arm"
    assert found.framework_flash_bytes() == 900


def test_a_baseline_shows_what_the_framework_takes(tmp_path):
    without = [(".text", ALLOC | EXEC, 0x0800_0000, 3100, False), *FIRMWARE[1:]]
    (tmp_path / "app.elf").write_bytes(image(FIRMWARE, SYMBOLS))
    (tmp_path / "base.elf").write_bytes(image(without, [SYMBOLS[0], SYMBOLS[2]]))
    sections, symbols = compare(read_footprint(tmp_path / "base.elf"), read_footprint(tmp_path / "app.elf"))
    assert [(one.name, one.change_bytes) for one in sections] == [(".text", 900)]
    assert [(one.name, one.before_bytes, one.after_bytes) for one in symbols] == [("tflite_interpreter", 0, 900)]


def test_placeholders_of_esp_idf_take_no_ram():
    dummy = [*FIRMWARE, (".flash_rodata_dummy", ALLOC | WRITE, 0x3C00_0000, 400_000, True)]
    assert footprint(image(dummy), "app.elf").ram_bytes == 8392


GOOD = image(FIRMWARE, SYMBOLS)


def patched(offset, layout, value):
    return GOOD[:offset] + struct.pack(layout, value) + GOOD[offset + struct.calcsize(layout):]


TABLE = struct.unpack_from("<I", GOOD, 32)[0]


@pytest.mark.parametrize(("data", "text"), [
    pytest.param(b"", "not an ELF file", id="empty"),
    pytest.param(b"MZ" + bytes(100), "not an ELF file", id="another format"),
    pytest.param(b"\x7fELF" + bytes([3, 1]) + bytes(60), "unknown word size", id="class"),
    pytest.param(image(FIRMWARE, SYMBOLS, machine=62), "x86-64, not for a microcontroller", id="wrong machine"),
    pytest.param(GOOD[:-30], "truncated", id="truncated"),
    pytest.param(patched(48, "<H", 0), "no section headers", id="no sections"),
    pytest.param(patched(50, "<H", 9999), "section names is missing", id="name table out of range"),
    pytest.param(patched(TABLE + 40 + 20, "<I", 2**31), "truncated", id="section size beyond the file"),
    pytest.param(patched(TABLE + 40, "<I", 60_000), "beyond its table", id="name beyond its table"),
    pytest.param(patched(TABLE + 4 * 40 + 20, "<I", 2**32 - 1), None, id="a bss of 4 GB is reported as it is"),
    pytest.param(image([*FIRMWARE[:1], (".second", ALLOC | EXEC, 0x0800_0100, 50, False)]), "overlap",
                 id="overlapping sections"),
])
def test_hostile_files(data, text):
    if text is None:
        assert footprint(data, "bad.elf").ram_bytes > 2**31
        return
    with pytest.raises(ElfProblem, match=text) as raised:
        footprint(data, "bad.elf")
    assert str(raised.value).startswith("bad.elf: error ")
    assert raised.value.exit_code == 65


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_paths_that_are_no_files(tmp_path, kind):
    path = tmp_path if kind == "folder" else tmp_path / "none.elf"
    with pytest.raises(ElfProblem):
        read_footprint(path)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=8),
       st.integers(0, len(GOOD)))
def test_damaged_files_are_read_or_refused(changes, length):
    data = bytearray(GOOD)
    for offset, value in changes:
        data[offset] = value
    for candidate in (bytes(data), bytes(data[:length])):
        try:
            found = footprint(candidate, "bad.elf")
        except ElfProblem:
            continue
        assert found.flash_bytes >= 0
