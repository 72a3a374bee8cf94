"""How many bytes one number takes."""

from __future__ import annotations

from modelcost.errors import unknown

BYTES = {
    "float64": 8, "float32": 4, "bfloat16": 2, "float16": 2,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip


DEFAULT = "float32"
"""What a number is where nobody says."""
COMPUTE = {**{name: name for name in BYTES}, "mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
"""What a layer of that dtype, or of that policy of mixed precision, computes in."""


def known_dtype(dtype: str) -> str:
    """The dtype as it is; an error that lists the known ones for any other."""
    if not isinstance(dtype, str) or dtype not in BYTES:
        raise unknown("dtype", dtype, BYTES)
    return dtype


def bytes_of(dtype: str) -> int:
    """The bytes of one number of that dtype; an error that lists the known ones for any other.

    >>> bytes_of("float32")
    4
    """
    return BYTES[known_dtype(dtype)]
