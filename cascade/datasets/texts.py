"""What the synthetic voices say: sentences from a small vocabulary, made-up words, and near misses."""

from __future__ import annotations

from typing import Final

import numpy as np

KEYWORD: Final = "hey remote"
NEAR_MISSES: Final = (
    "hey", "remote", "hey remove", "hey promote", "hey removed it", "hey Romeo", "hey Raymond",
    "hey Emma", "hey there", "hey Robert", "hey Ramona", "hey emotion", "hey moat", "hey boat",
    "hey radio", "hey reboot", "hey report", "hey request", "hey return", "hey rewrite", "hey remorse",
    "hey remind me", "hey you", "hey wait", "a remote", "the remote", "pay remote", "say remote control",
    "they remote", "may remove", "day return", "away from home", "great remote places", "hay", "play",
    "remote village", "remote control", "remove it", "promote him", "demote", "denote it", "re-vote",
    "rewrote it", "remodel", "remedy", "romantic", "reason", "moat", "a remarkable note", "he wrote",
    "hey he wrote", "hey the moat", "hey re", "hey me", "hey mote", "hey dote", "hey coat", "hey goat",
    "high remote", "her remote", "who remote", "how remote", "my remote", "our remote", "hello remote",
    "okay then",
)  # fmt: skip
"""Phrases that share sounds with the keyword without being it."""
SUBJECTS: Final = (
    "the teacher", "my neighbour", "a doctor", "the old man", "her sister", "our driver", "the captain",
    "a young woman", "the government", "this company", "the children", "a farmer", "his brother",
    "the train", "a black dog", "the minister", "my grandmother", "the engineer", "some people",
    "the river", "an artist", "the weather", "nobody", "everyone in town", "the second player",
    "a police officer", "the owner of the shop", "your friend", "the orchestra", "a tired nurse",
    "that small bird", "the manager",
)  # fmt: skip
VERBS: Final = (
    "opened", "forgot", "will bring", "painted", "repaired", "never wanted", "looked for", "has bought",
    "sold", "can explain", "carried", "found", "described", "lost", "is waiting for", "counted",
    "talked about", "broke", "remembered", "would prefer", "measured", "watched", "cleaned", "hid",
    "studied", "voted for", "drove past", "dreamed of", "removed", "promoted", "moved", "returned",
)  # fmt: skip
OBJECTS: Final = (
    "the yellow car", "seven apples", "a letter from Rome", "the broken window", "a cup of coffee",
    "the next meeting", "an expensive watch", "the bridge near the station", "hot soup",
    "the wooden table", "a map of the city", "the evening news", "thirteen questions", "the garden gate",
    "a bottle of water", "the answer", "a new kitchen", "cheap tickets", "the third chapter",
    "fresh bread", "the football match", "a heavy suitcase", "the hotel room", "green vegetables",
    "the kitchen radio", "a remote village", "the boat", "an old coat", "the report", "a famous song",
    "the vote", "a note on the door",
)  # fmt: skip
ENDINGS: Final = (
    "yesterday", "in the morning", "before the storm", "without a reason", "at half past nine",
    "every single day", "near the harbour", "for the first time", "because it was late",
    "after the concert", "on the way home", "again", "in nineteen eighty four",
    "for about twenty minutes", "if nobody minds", "under the bridge", "with great care",
    "as the experts expected", "in most countries", "just like last summer", "", "", "", "",
)  # fmt: skip
ONSETS: Final = (
    "b", "br", "ch", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "kl", "l", "m", "n", "p", "pr", "r",
    "s", "sh", "sk", "sp", "st", "t", "th", "tr", "v", "w", "y", "z", "",
)  # fmt: skip
VOWELS: Final = (
    "a", "e", "i", "o", "u", "ay", "ee", "oa", "oo", "ow", "ai", "ar", "er", "or",
)  # fmt: skip
CODAS: Final = (
    "", "", "", "b", "ck", "d", "f", "g", "l", "m", "n", "nd", "ng", "p", "r", "s", "sh", "st", "t", "v",
    "x",
)  # fmt: skip


def sentence(generator: np.random.Generator) -> str:
    """One sentence: mostly ordinary words, sometimes made-up ones, sometimes with a near miss in it."""
    kind = generator.random()
    if kind < 0.25:
        count = int(generator.integers(4, 10))
        return " ".join(invented_word(generator) for _ in range(count)) + "."
    words = [_pick(generator, part) for part in (SUBJECTS, VERBS, OBJECTS, ENDINGS)]
    if kind < 0.32:
        words.insert(int(generator.integers(0, 4)), "; " + _pick(generator, NEAR_MISSES) + ";")
    return " ".join(word for word in words if word) + "."


def paragraph(generator: np.random.Generator, sentence_count: int) -> str:
    """Some sentences in a row, none of which holds the keyword."""
    text = " ".join(sentence(generator) for _ in range(sentence_count))
    return text.replace(KEYWORD, "hello")


def invented_word(generator: np.random.Generator) -> str:
    """A made-up word of one to three syllables, so that the negatives hold sounds in any order."""
    syllables = [
        _pick(generator, ONSETS) + _pick(generator, VOWELS) + _pick(generator, CODAS)
        for _ in range(int(generator.integers(1, 4)))
    ]
    return "".join(syllables)


def _pick(generator: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(generator.integers(len(choices)))]
