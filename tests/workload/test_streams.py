"""Keyed streams are numpy's own keyed Philox, whatever is drawn from them and in whatever order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from powerplan.workload.streams import Streams

KEYS = [pytest.param(Streams(1), "arrivals", "visitor", id="first stretch"),
        pytest.param(Streams(7, 3, 26), "background", "listen/tv/4", id="replica and stretch"),
        pytest.param(Streams(2**63, 10**6, 10**4), "", "", id="large seed and no names")]


def mixed(generator: np.random.Generator) -> list[np.ndarray | bytes]:
    """Draws of 32 bits leave half a word behind, which later draws must find."""
    return [generator.integers(0, 100, 3, dtype=np.int32), generator.random(3, dtype=np.float32), generator.random(5),
            generator.integers(0, 2**60, 7), generator.bytes(5), generator.random(2, dtype=np.float32),
            generator.standard_exponential(300), generator.integers(0, 7, 3)]


DRAWS = [pytest.param(lambda generator: [generator.random(1_000)], id="uniform"),
         pytest.param(lambda generator: [generator.integers(0, 1_200, 1_001)], id="integers below 2^32"),
         pytest.param(lambda generator: [generator.standard_exponential((200, 2))], id="exponential"),
         pytest.param(lambda generator: [generator.geometric(0.3, 500)], id="geometric"),
         pytest.param(lambda generator: [generator.standard_normal(500)], id="normal"),
         pytest.param(lambda generator: [generator.permutation(300)], id="permutation"),
         pytest.param(mixed, id="one kind after the other")]


@pytest.mark.parametrize(("streams", "stream", "entity"), KEYS)
@pytest.mark.parametrize("draw", DRAWS)
def test_a_stream_is_a_keyed_philox(streams: Streams, stream: str, entity: str,
                                    draw: Callable[[np.random.Generator], list[np.ndarray | bytes]]) -> None:
    plain = np.random.Generator(np.random.Philox(key=streams.key(stream, entity)))
    keyed = streams.generator(stream, entity)
    for _ in range(2):
        for expected, found in zip(draw(plain), draw(keyed), strict=True):
            assert np.array_equal(expected, found)


def test_keys_differ_by_every_part() -> None:
    keys = {tuple(streams.key(*names).tolist()) for streams in (Streams(1), Streams(2), Streams(1, 1), Streams(1, 0, 1))
            for names in (("arrivals", "visitor"), ("arrivals", "leaf"), ("lasts", "visitor"))}
    assert len(keys) == 12
