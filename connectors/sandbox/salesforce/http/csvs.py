"""CSV as the Bulk API reads and writes it (reference §4.1)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from connectors.sandbox.salesforce.errors import Fail

DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


def read(data: bytes, delimiter: str, ending: str) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of an upload. Raises Fail InvalidBatch for a file that cannot be read."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Fail("InvalidBatch", "The file is not UTF-8") from None
    if (ending == "LF" and "\r\n" in text) or (ending == "CRLF" and "\n" in text and "\r\n" not in text):
        raise Fail("InvalidBatch", "LineEnding is invalid on user data")
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[delimiter]) if row]
    if not rows:
        raise Fail("InvalidBatch", "The file is empty")
    return rows[0], rows[1:]


def write(header: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = "COMMA", ending: str = "LF") -> str:
    """A result file: every cell quoted."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=DELIMITERS[delimiter], lineterminator=ENDINGS[ending], quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()
