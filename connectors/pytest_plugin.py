"""The pytest plugin that comes with the wheel: it makes the asserts of the conformance kit readable, and does nothing else.

Must not import anything of ours: pytest loads it in every project of the environment, before coverage is measured.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("connectors.testkit")
