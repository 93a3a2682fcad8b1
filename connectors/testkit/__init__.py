"""The conformance kit: what every adapter must do, as tests that an adapter's author runs on a world of their own.

    class TestCardbox(ConnectorContract):
        @pytest.fixture
        def world(self) -> Iterator[World]: ...

Only pytest loads it, with the plugin of `connectors.pytest_plugin` for readable asserts; nothing of ours may import it.
"""

from __future__ import annotations

import pytest

from connectors.testkit.bench import ADDRESS, Bench
from connectors.testkit.reading import Reading
from connectors.testkit.trouble import Trouble
from connectors.testkit.world import SIGHT, TOKEN, Fault, Person, World
from connectors.testkit.writing import Writing

__all__ = ["ADDRESS", "SIGHT", "TOKEN", "Bench", "ConnectorContract", "Fault", "Person", "World"]


class ConnectorContract(Reading, Writing, Trouble):
    """The promises of an adapter, one test each. Subclass it as `Test…` with a fixture `world`, fresh for every test.

    A test is skipped only for what `capabilities` does not offer or the world cannot do, and says what that is.
    """

    @pytest.fixture
    def bench(self, world: World) -> Bench:
        """The world, and what the tests do with it."""
        return Bench(world)
