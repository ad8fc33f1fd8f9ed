"""A process in which some packages are not installed, though they are: as in an image that is made from a list without them.

    python -c "$(…program…)"       see ``program``

The finders that would find them do not; everything else is as it was. (A finder that refuses would break ``find_spec``, by which
programs ask whether something is there.)
"""

from __future__ import annotations

_HIDING = """\
import sys

class Hiding:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in HIDDEN else self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = [Hiding(finder) for finder in sys.meta_path]
"""


def program(hidden: tuple[str, ...], text: str) -> str:
    """The text of a program for ``python -c`` that finds none of the hidden packages."""
    return f"HIDDEN = {set(hidden)!r}\n{_HIDING}\n{text}"
