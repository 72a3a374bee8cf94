"""Remake `applications/*.json.gz` from real Keras: the networks of keras.applications, and what Keras says of them.

    python tests/data/remake_applications.py [NAME...]

Needs TensorFlow; takes some minutes and, for the largest networks, a few gigabytes. Each file holds
{"keras": version, "config": what model.to_json() says, "rows": [[name, class, output shape, parameters, trainable
parameters] of every layer], "params": their sum}. Weights are never downloaded.
"""

from __future__ import annotations

import gc
import gzip
import inspect
import json
import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "applications"
ARGUMENTS: dict[str, dict[str, Any]] = {
    "MobileNetV3Large": {"input_shape": (224, 224, 3)},  # its own default leaves height and width open
    "MobileNetV3Small": {"input_shape": (224, 224, 3)},
}


def row(layer: Any) -> list[Any]:
    """What Keras says of a layer."""
    out = layer.output
    shape = [list(one.shape) for one in out] if isinstance(out, list | tuple) else list(out.shape)
    trainable = sum(weight.shape.num_elements() for weight in layer.trainable_weights)
    return [layer.name, type(layer).__name__, shape, layer.count_params(), trainable]


def packed(data: Any) -> bytes:
    """The same bytes for the same data, whenever and wherever they are made."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def main(names: list[str]) -> None:
    """Write a file for each of `names`, or for all."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    every = [name for name, made in vars(keras.applications).items() if inspect.isfunction(made)]
    HERE.mkdir(exist_ok=True)
    for name in names or every:
        keras.backend.clear_session()
        model = getattr(keras.applications, name)(weights=None, **ARGUMENTS.get(name, {}))
        data = {
            "keras": keras.__version__,
            "config": json.loads(model.to_json()),
            "rows": [row(layer) for layer in model.layers],
            "params": model.count_params(),
        }
        (HERE / f"{name}.json.gz").write_bytes(packed(data))
        print(name, data["params"], flush=True)
        del model
        gc.collect()


if __name__ == "__main__":
    main(sys.argv[1:])
