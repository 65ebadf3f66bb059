"""proxx: editorial proxies from rules that are data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["FpsMode", "JobSpec", "JobSpecValidationError", "__version__"]

if TYPE_CHECKING:
    from proxx.api import FpsMode, JobSpec, JobSpecValidationError


def __getattr__(name: str) -> Any:
    """The Python face is loaded when it is asked for: the command line does not need it."""
    if name in __all__:
        from proxx import api

        return getattr(api, name)
    raise AttributeError(f"module 'proxx' has no attribute {name!r}")
