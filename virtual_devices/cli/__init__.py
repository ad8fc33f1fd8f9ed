"""The command line: one file per verb; a verb parses, calls one function and prints."""

from __future__ import annotations


def main() -> None:
    """Entry point of ``virtual-devices``."""
