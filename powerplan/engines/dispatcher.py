"""SimPy on integer nanoseconds, with the Plan's order inside an instant, and parts that are granted in that order."""

from __future__ import annotations

from heapq import heappush

import simpy


class Clock(simpy.Environment):
    """SimPy's environment on integer nanoseconds."""

    _now: int

    @property
    def now(self) -> int:
        """Nanoseconds since the start."""
        return self._now

    def alone(self) -> bool:
        """Whether nothing else is due at this instant."""
        return not self._queue or self._queue[0][0] > self._now


class Due(simpy.Event):
    """An event after a delay, ordered within its instant by priority. (SimPy's own timeouts all have the same.)

    It never fails and brings nothing. Once it has come it may be used again: a task waits for one at a time.
    """

    _ok, _value = True, None

    def __init__(self, env: Clock) -> None:
        self.env, self.callbacks = env, []

    def after(self, delay_ns: int, priority: int) -> Due:
        """Comes after a delay."""
        env: Clock = self.env  # type: ignore[assignment]
        self.callbacks = []
        heappush(env._queue, (env._now + delay_ns, priority, next(env._eid), self))  # type: ignore[misc]
        return self


def stop_at(env: Clock, until_ns: int) -> simpy.Event:
    """An event before everything else at an instant, so that nothing at the horizon itself happens any more."""
    return Due(env).after(until_ns - env.now, 0)


class Dispatcher:
    """Grants parts at the end of the instant, to all who can have everything they ask for, in the Plan's order."""

    def __init__(self, env: Clock, parts: int, priority: int) -> None:
        self._env, self._priority = env, priority
        self._free = (1 << parts) - 1
        self._all = self._free
        self.waiting: list[tuple[int, int, int, int, simpy.Event]] = []
        """Who waits: rank, since when, task, parts, event to fire."""
        self._armed = False

    @property
    def taken(self) -> int:
        """Bit set of the parts that somebody holds."""
        return self._all & ~self._free

    def take_at_once(self, mask: int) -> bool:
        """Take all parts of the mask if they are free and nobody else can ask for any at this instant."""
        if self.waiting or mask & ~self._free or not self._env.alone():
            return False
        self._free &= ~mask
        return True

    def take(self, mask: int, rank: int, task: int) -> simpy.Event:
        """Event that fires when all parts of the mask belong to the asker."""
        granted = simpy.Event(self._env)
        self.waiting.append((rank, self._env.now, task, mask, granted))
        self._arm()
        return granted

    def give_back(self, mask: int) -> None:
        """Parts are free from now on."""
        self._free |= mask
        if self.waiting:
            self._arm()

    def _arm(self) -> None:
        if not self._armed:
            self._armed = True
            Due(self._env).after(0, self._priority).callbacks.append(self._grant)

    def _grant(self, _: simpy.Event) -> None:
        self._armed = False
        self.waiting.sort(key=lambda asked: asked[:3])
        still = []
        for asked in self.waiting:
            mask, granted = asked[3], asked[4]
            if mask & ~self._free:
                still.append(asked)
            else:
                self._free &= ~mask
                granted.succeed()
        self.waiting = still
