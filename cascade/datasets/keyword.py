"""Windows of synthetic sound with and without the keyword, as log-mel features.

Three parts with disjoint voices. Positives and near misses are single utterances over a background;
the background itself comes as clips of a minute: speech, television, noise, quiet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from cascade.datasets import noise, speech, texts
from cascade.datasets.noise import Sound
from cascade.features.logmel import LogMel
from cascade.features.quantization import UNIT_RANGE
from cascade.features.window import Window, window_starts

POSITIVE: Final = "keyword"
FEATURES: Final = LogMel()
WINDOW_FRAMES: Final = 49
HOP_FRAMES: Final = 10
WINDOW: Final = Window(
    sample_rate_hz=FEATURES.sample_rate_hz,
    length=FEATURES.sample_count(WINDOW_FRAMES),
    hop=HOP_FRAMES * FEATURES.frame_hop,
)
"""The only place that states window and hop; training, tables and manifest take them from here."""
BACKGROUND_CLIP_S: Final = 60
EVENT_CLIP_S: Final = 4
RATE_HZ: Final = FEATURES.sample_rate_hz
PARALLEL_VOICES: Final = 2


@dataclass(frozen=True)
class Amounts:
    """How much of each kind a part holds."""

    keywords: int
    near_misses: int
    speech: int
    """Clips of a minute, like the three that follow."""
    tv: int
    noise: int
    quiet: int


@dataclass(frozen=True)
class Windows:
    """Windows of one part: int8 features (n, 49, 32, 1) and what they are."""

    features: npt.NDArray[np.int8]
    label: npt.NDArray[np.str_]
    clip_id: npt.NDArray[np.str_]
    time_s: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Clip:
    """Some sound and the first samples of the windows to take from it."""

    name: str
    label: str
    sound: Sound
    starts: npt.NDArray[np.int64]


def make_part(part: str, timbres: tuple[str, ...], amounts: Amounts, seed: int) -> Windows:
    """Every window of one part, made from its own voices and its own chance."""
    makers: list[tuple[str, int, Callable[[str, np.random.Generator], Clip]]] = [
        (POSITIVE, amounts.keywords, lambda name, chance: _keyword_clip(name, chance, timbres)),
        ("near", amounts.near_misses, lambda name, chance: _near_miss_clip(name, chance, timbres)),
        ("speech", amounts.speech, lambda name, chance: _speech_clip(name, chance, timbres)),
        ("tv", amounts.tv, lambda name, chance: _tv_clip(name, chance, timbres)),
        ("noise", amounts.noise, lambda name, chance: _noise_clip(name, chance)),
        ("quiet", amounts.quiet, lambda name, chance: _quiet_clip(name, chance)),
    ]
    blocks, labels, clip_ids, times = [], [], [], []
    for clip in _in_parallel(part, makers, seed):
        features = window_features(clip)
        blocks.append(features)
        labels += [clip.label] * len(features)
        clip_ids += [clip.name] * len(features)
        times.append((clip.starts - clip.starts[0]) / RATE_HZ)
    return Windows(np.concatenate(blocks), np.array(labels), np.array(clip_ids), np.concatenate(times))


def _in_parallel(
    part: str, makers: list[tuple[str, int, Callable[[str, np.random.Generator], Clip]]], seed: int
) -> Iterator[Clip]:
    """The clips in a fixed order; each has its own generator, so their number and order change nothing."""
    jobs = []
    for kind, (label, count, maker) in enumerate(makers):
        for number in range(count):
            key = [seed, sum(part.encode()), kind, number]
            jobs.append((maker, f"{part}-{label}-{number:04d}", key))
    with ThreadPoolExecutor(PARALLEL_VOICES) as pool:
        block = 64  # keeps at most this many minutes of sound in memory
        for first in range(0, len(jobs), block):
            yield from pool.map(lambda job: job[0](job[1], np.random.default_rng(job[2])), jobs[first : first + block])


def window_features(clip: Clip) -> npt.NDArray[np.int8]:
    """Features of the windows of a clip, as the models take them. (windows, 49, 32, 1)"""
    pcm = np.clip(np.rint(clip.sound * 32_767), -32_768, 32_767).astype(np.int16)
    first = int(clip.starts[0])
    frames = UNIT_RANGE.to_int8(FEATURES.features(pcm[first:]))
    places = (clip.starts - first) // FEATURES.frame_hop
    windows: npt.NDArray[np.int8] = frames[places[:, None] + np.arange(WINDOW_FRAMES)][..., None]
    return windows


def _utterance(chance: np.random.Generator, timbres: tuple[str, ...], text: str) -> speech.Utterance:
    return speech.Utterance(
        accent=speech.ACCENTS[int(chance.integers(len(speech.ACCENTS)))],
        timbre=timbres[int(chance.integers(len(timbres)))],
        words_per_minute=int(chance.integers(135, 215)),
        pitch=int(chance.integers(20, 80)),
        text=text,
    )


def _said(chance: np.random.Generator, timbres: tuple[str, ...], text: str) -> Sound:
    """The text in some voice, faster where it would not fit a window at any place of the hop."""
    utterance = _utterance(chance, timbres, text)
    while len(sound := speech.say(utterance)) > WINDOW.length - WINDOW.hop:
        utterance = replace(utterance, words_per_minute=utterance.words_per_minute + 30)
    return noise.unit(sound)


def _at_level(sound: Sound, level_db: float) -> Sound:
    """A sound of root mean square 1 at a level below full scale; peaks that would clip are limited."""
    scaled = sound * np.float32(10 ** (level_db / 20))
    peak = float(np.abs(scaled).max()) if len(scaled) else 0.0
    return scaled if peak <= 0.98 else (scaled * np.float32(0.98 / peak)).astype(np.float32)


def _hiss(chance: np.random.Generator, count: int) -> Sound:
    """The microphone's own noise."""
    return _at_level(noise.coloured(chance, count, 0), chance.uniform(-75, -62))


def _noise(chance: np.random.Generator, count: int) -> Sound:
    kind = int(chance.integers(5))
    if kind == 3:
        return noise.hum(chance, count, RATE_HZ)
    if kind == 4:
        return noise.knocks(chance, count, RATE_HZ)
    return noise.coloured(chance, count, float(kind)) * noise.swelling(chance, count, RATE_HZ)


def _event_clip(name: str, label: str, chance: np.random.Generator, spoken: Sound) -> Clip:
    """One utterance somewhere in four seconds over hiss and, in two of three clips, noise or music."""
    count = EVENT_CLIP_S * RATE_HZ
    start = int(chance.integers(RATE_HZ * 3 // 2, RATE_HZ * 2))
    level_db = chance.uniform(-36, -16)
    sound = _hiss(chance, count)
    voice = np.zeros(count, dtype=np.float32)
    voice[start : start + len(spoken)] = _at_level(spoken, level_db)
    if chance.random() < 0.5:
        voice = noise.room(chance, voice, RATE_HZ)
    sound = sound + voice
    kind = chance.random()
    if kind < 0.67:
        under = _noise(chance, count) if kind < 0.45 else noise.music(chance, count, RATE_HZ)
        sound = sound + _at_level(noise.unit(under), level_db - chance.uniform(6, 30))
    grid = window_starts(count, WINDOW.length, WINDOW.hop)
    whole = (grid <= start) & (grid + WINDOW.length >= start + len(spoken))
    return Clip(name, label, sound, grid[whole])


def _keyword_clip(name: str, chance: np.random.Generator, timbres: tuple[str, ...]) -> Clip:
    """Only the windows that hold the whole word."""
    return _event_clip(name, POSITIVE, chance, _said(chance, timbres, texts.KEYWORD))


def _near_miss_clip(name: str, chance: np.random.Generator, timbres: tuple[str, ...]) -> Clip:
    """A phrase that sounds like the keyword, or a made-up one."""
    if chance.random() < 0.7:
        text = texts.NEAR_MISSES[int(chance.integers(len(texts.NEAR_MISSES)))]
    else:
        text = " ".join(texts.invented_word(chance) for _ in range(2))
    return _event_clip(name, "near", chance, _said(chance, timbres, text))


def _conversation(chance: np.random.Generator, timbres: tuple[str, ...], count: int) -> Sound:
    """One to three voices that take turns, with pauses. Shape (count,)"""
    voices = [_utterance(chance, timbres, "") for _ in range(int(chance.integers(1, 4)))]
    loudness_db = [chance.uniform(-4, 4) for _ in voices]
    total = np.zeros(count, dtype=np.float32)
    place = int(chance.integers(0, RATE_HZ))
    while place < count:
        speaker = int(chance.integers(len(voices)))
        text = texts.paragraph(chance, int(chance.integers(2, 6)))
        said = speech.say(replace(voices[speaker], text=text))
        said = noise.unit(said) * np.float32(10 ** (loudness_db[speaker] / 20))
        total[place : place + len(said)] = said[: count - place]
        place += len(said) + int(chance.integers(RATE_HZ // 5, 2 * RATE_HZ))
    return total


def _background_clip(name: str, label: str, sound: Sound) -> Clip:
    return Clip(name, label, sound, window_starts(len(sound), WINDOW.length, WINDOW.hop))


def _speech_clip(name: str, chance: np.random.Generator, timbres: tuple[str, ...]) -> Clip:
    """People talking in a room."""
    count = BACKGROUND_CLIP_S * RATE_HZ
    sound = _at_level(_conversation(chance, timbres, count), chance.uniform(-36, -16))
    if chance.random() < 0.5:
        sound = noise.room(chance, sound, RATE_HZ)
    if chance.random() < 0.5:
        sound = sound + _at_level(noise.unit(_noise(chance, count)), chance.uniform(-60, -40))
    return _background_clip(name, "speech", sound + _hiss(chance, count))


def _tv_clip(name: str, chance: np.random.Generator, timbres: tuple[str, ...]) -> Clip:
    """A television: talk over music, babble of several voices, or music alone."""
    count = BACKGROUND_CLIP_S * RATE_HZ
    sound = noise.music(chance, count, RATE_HZ) * np.float32(chance.uniform(0.05, 1.0))
    kind = chance.random()
    if kind < 0.8:
        talk = _conversation(chance, timbres, count)
        sound = sound * np.float32(0.3 if kind < 0.5 else 1.0) + talk
        if kind < 0.25:
            for shift_s in (7, 19, 31, 43):
                sound = sound + np.roll(talk, shift_s * RATE_HZ) * np.float32(chance.uniform(0.3, 0.9))
    sound = noise.room(chance, _at_level(noise.unit(sound), chance.uniform(-36, -16)), RATE_HZ)
    return _background_clip(name, "tv", sound + _hiss(chance, count))


def _noise_clip(name: str, chance: np.random.Generator) -> Clip:
    """One or two noises and no voice."""
    count = BACKGROUND_CLIP_S * RATE_HZ
    sound = _at_level(noise.unit(_noise(chance, count)), chance.uniform(-45, -18))
    if chance.random() < 0.5:
        sound = sound + _at_level(noise.unit(_noise(chance, count)), chance.uniform(-50, -25))
    return _background_clip(name, "noise", sound + _hiss(chance, count))


def _quiet_clip(name: str, chance: np.random.Generator) -> Clip:
    """The hiss of the microphone and a faint noise of the room."""
    count = BACKGROUND_CLIP_S * RATE_HZ
    faint = _at_level(noise.unit(_noise(chance, count)), chance.uniform(-75, -58))
    return _background_clip(name, "quiet", faint + _hiss(chance, count))
