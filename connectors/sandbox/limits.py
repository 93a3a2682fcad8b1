"""A rolling rate limit. Knows no vendor and reads no clock: the caller says what time it is."""

from __future__ import annotations

import threading
from collections import deque


class Window:
    """At most `limit` calls in any `seconds`. May be used from any thread."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self.seconds = seconds
        self._taken: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self, now: float) -> int:
        """Counts one call at `now` (seconds) and returns how many remain; -1 when refused, which counts nothing."""
        with self._lock:
            self._expire(now)
            if len(self._taken) >= self.limit:
                return -1
            self._taken.append(now)
            return self.limit - len(self._taken)

    def _expire(self, now: float) -> None:
        while self._taken and self._taken[0] <= now - self.seconds:
            self._taken.popleft()
