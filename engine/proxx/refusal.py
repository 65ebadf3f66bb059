"""The words for a finished file that no profile can make again."""

from __future__ import annotations

from proxx.errors import EXIT_FINDINGS, ProxxError
from proxx.model import Media


def cannot(media: Media, because: str) -> ProxxError:
    """The error (exit 1) that says why no draft is made of a file."""
    return ProxxError(
        f"no profile can make a file like {media.path}: {because}",
        hint="proxx profiles lists what can be made; --from copies one of them.",
        exit_code=EXIT_FINDINGS,
    )
