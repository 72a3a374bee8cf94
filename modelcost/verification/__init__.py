"""Hold a model's figures against real Keras and the TensorFlow profiler, down to nothing unexplained."""

from __future__ import annotations

from modelcost.verification.verify import Verification, verify

__all__ = ["Verification", "verify"]
