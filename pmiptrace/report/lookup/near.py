"""What may have been meant by a name that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches


def near(text: str, names: Iterable[str]) -> str:
    """Word what may have been meant: a name, or a word of one."""
    known = list(names)
    words = {word for name in known for word in re.split(r"[\W_]+", name) if len(word) > 3}
    close = get_close_matches(text.strip().casefold(), [*known, *sorted(words)], n=1)
    return f"; did you mean {close[0]!r}?" if close else "; without an argument, all are listed"
