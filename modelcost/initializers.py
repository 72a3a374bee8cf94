"""Initializers by Keras's names. How a weight starts costs nothing: they are accepted and forgotten."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAMES = """
Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer Initializer LecunNormal
LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT STFTInitializer TruncatedNormal
VarianceScaling Zeros constant glorot_normal glorot_uniform he_normal he_uniform identity lecun_normal lecun_uniform
ones orthogonal random_normal random_uniform stft truncated_normal variance_scaling zeros
"""


class Forgotten:
    """Takes any arguments, keeps none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Whatever Keras would take."""


def __getattr__(name: str) -> type[Forgotten]:
    if name not in NAMES.split():
        raise AttributeError(f"module 'modelcost.initializers' has no attribute {name!r}")
    return Forgotten


def __dir__() -> list[str]:
    return NAMES.split()
