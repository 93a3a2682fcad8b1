"""Hold no special-category data: what properties are called, what choices reveal, what free text says (gdpr.md §7).

Must import only `core`, pydantic and stdnum. `detect` is the one entrance to what reads free text.
"""

from policies.sensitive.policy import Sensitive
from policies.sensitive.settings import SensitiveSettings

__all__ = ["Sensitive", "SensitiveSettings"]
