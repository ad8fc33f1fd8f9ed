"""Files that are no text, by how they begin, and what to do with them: people name what they have downloaded."""

from __future__ import annotations

import re

_BEGINS = {
    "PK\x03\x04": "it is an Excel workbook, or a zip archive; open it and save the table as CSV, or take the file out of the archive",
    "\u00d0\u00cf\u0011\u00e0": "it is an Excel workbook of the old kind; open it and save the table as CSV",
    "\x1f\u008b": "it is packed with gzip; unpack it (gunzip)",
    "BZh": "it is packed with bzip2; unpack it",
    "7z\u00bc\u00af": "it is a 7z archive; take the file out of it",
    "%PDF": "it is a PDF; export the data as CSV instead",
    "SQLite format 3": "it is a database; export one series of it as CSV",
    "PAR1": "it is a Parquet file; save it as CSV",
    "\x89HDF": "it is an HDF5 file; save the series as CSV",
    "CDF\x01": "it is a NetCDF file; save the series as CSV",
}
_PAGE = re.compile(r"<(?:!doctype html|html|head|body|table)\b", re.IGNORECASE)
_SPREADSHEET = ("<Workbook", "office:spreadsheet", "<worksheet")


def foreign(text: str) -> str | None:
    """What a text is that was no text, and the remedy; None for a text. A file's bytes are taken for Latin letters."""
    for begin, words in _BEGINS.items():
        if text.startswith(begin):
            return words
    head = text[:2000].lstrip("\ufeff \t\r\n")
    if _PAGE.match(head):
        return "it is a web page, perhaps one that asks you to log in; download the data itself"
    if head.startswith("<") and any(mark in head for mark in _SPREADSHEET):
        return "it is a spreadsheet as XML; open it and save the table as CSV"
    return "it holds bytes that are no letters; export it as CSV" if "\0" in head else None
