"""Compare text with the file that holds it, word for word; or write the file, when that is asked for."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """Hold `text` against `tests/golden/<name>`; `MODELCOST_WRITE_GOLDEN=1` writes the file instead."""
    path = GOLDEN / name
    if os.environ.get("MODELCOST_WRITE_GOLDEN"):
        path.write_bytes(text.encode())
    assert path.read_bytes().decode() == text
