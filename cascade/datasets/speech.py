"""Speech that espeak-ng synthesizes: many accents, voices, speeds and pitches, split by voice.

It is synthetic speech. A model trained on it knows espeak-ng, not people.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from cascade.datasets.source import DataSetError

ESPEAK_RATE_HZ: Final = 22_050
SAMPLE_RATE_HZ: Final = 16_000
ACCENTS: Final = (
    "en-us", "en-gb", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-rp", "en-gb-x-gbcwmd", "en-029", "en-us-nyc",
)  # fmt: skip
TIMBRES: Final = (
    "Alex", "Alicia", "Andrea", "Andy", "Annie", "Denis", "Diogo", "Gene", "Gene2", "Henrique", "Hugo", "Jacky",
    "Lee", "Marco", "Mario", "Michael", "Mike", "Nguyen", "Storm", "Tweaky", "adam", "anika", "announcer",
    "antonio", "aunty", "belinda", "benjamin", "boris", "david", "ed", "edward", "edward2", "f1", "f2",
    "f3", "f4", "f5", "grandma", "grandpa", "gustave", "iven", "iven2", "iven3", "iven4", "john", "kaukovalta",
    "klatt", "klatt2", "klatt3", "klatt4", "linda", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "marcelo",
    "max", "michel", "miguel", "norbert", "pablo", "paul", "pedro", "quincy", "rob", "robert", "sandro", "shelby",
    "steph", "steph2", "steph3", "travis", "victor", "zac",
)  # fmt: skip
"""Voice variants of espeak-ng that sound like a person; its robots, whispers and effects are left out."""
SILENCE_FRACTION: Final = 0.02
"""Share of the peak below which the ends of an utterance count as silence."""


@dataclass(frozen=True)
class Utterance:
    """What is said, and how."""

    accent: str
    timbre: str
    words_per_minute: int
    pitch: int
    text: str


def split_timbres(seed: int) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Voices of training, validation and test, which share none: 60 %, 15 % and 25 %."""
    order = np.random.default_rng([seed, 101]).permutation(len(TIMBRES))
    shuffled = [TIMBRES[place] for place in order]
    first, second = round(0.60 * len(shuffled)), round(0.75 * len(shuffled))
    return tuple(shuffled[:first]), tuple(shuffled[first:second]), tuple(shuffled[second:])


def version() -> str:
    """Version of espeak-ng, which decides every sample."""
    return _run(["espeak-ng", "--version"]).decode().split(":")[1].split()[0]


def say(utterance: Utterance) -> npt.NDArray[np.float32]:
    """Samples at 16 kHz, full scale 1, without the silence at both ends. Shape (samples,)"""
    wave = _run([
        "espeak-ng", "-v", f"{utterance.accent}+{utterance.timbre}", "-s", str(utterance.words_per_minute),
        "-p", str(utterance.pitch), "--stdout", utterance.text,
    ])  # fmt: skip
    start = wave.find(b"data") + 8  # the header of a stream states no length, the samples run to its end
    samples = np.frombuffer(wave[start : len(wave) - (len(wave) - start) % 2], dtype="<i2")
    return trimmed(resampled(samples.astype(np.float32) / np.float32(32_768)))


def resampled(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """espeak-ng's 22.05 kHz as 16 kHz: the spectrum cut at 8 kHz. Shape (samples * 320 / 441,)"""
    padded = np.zeros(-(-len(samples) // 441) * 441, dtype=np.float32)
    padded[: len(samples)] = samples
    count = len(padded) * 320 // 441
    spectrum = np.fft.rfft(padded)[: count // 2 + 1]
    spectrum[-1] = 0
    return (np.fft.irfft(spectrum, count) * (count / len(padded))).astype(np.float32)


def trimmed(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The samples from the first to the last that is louder than 2 % of the peak."""
    if not len(samples):
        return samples
    level = np.abs(samples)
    loud = np.flatnonzero(level > SILENCE_FRACTION * level.max())
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def _run(command: list[str]) -> bytes:
    try:
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    except FileNotFoundError as error:
        raise DataSetError("the program espeak-ng is missing; install the package espeak-ng") from error
    except subprocess.CalledProcessError as error:
        text = error.stderr.decode(errors="replace").strip()
        raise DataSetError(f"espeak-ng failed: {text or error}") from error
