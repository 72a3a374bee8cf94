"""Remake `keras_layers.json.gz` from real Keras: a model of one layer for each of its classes that we know.

    python tests/data/remake_layers.py

Each entry is [configuration, output shapes, parameters, trainable parameters], by the class's name.
"""

from __future__ import annotations

import gzip
import inspect
import json
import os
import warnings
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "keras_layers.json.gz"
ARGUMENTS: dict[str, Any] = {
    "units": 4, "filters": 4, "kernel_size": 3, "pool_size": 2, "input_dim": 10, "output_dim": 4, "rate": 0.3,
    "stddev": 0.1,
    "num_heads": 2, "key_dim": 3, "target_shape": (-1,), "dims": (2, 1), "n": 3, "height": 6, "width": 6, "factor": 0.2,
    "head_dim": 4, "num_query_heads": 4, "num_key_value_heads": 2, "activation": "relu", "output_size": 3, "scale": 0.5,
    "height_factor": 0.2, "width_factor": 0.2, "axes": 1, "equation": "abc,cd->abd", "output_shape": (8, 4),
}  # fmt: skip
OWN: dict[str, dict[str, Any]] = {"GroupNormalization": {"groups": 2}, "RandomPosterization": {"factor": 4}}
IMAGES = (
    "Random",
    "Resizing",
    "CenterCrop",
    "AugMix",
    "CutMix",
    "MixUp",
    "RandAugment",
    "Solarization",
    "SeparableConv2D",
)
INPUTS = [[(8, 4)], [(8,)], [(8, 8, 3)], [(4, 8, 8, 3)], [(4, 8, 8, 8, 2)], [(8, 4), (8, 4)], [(6,), (6,)]]


def arguments(keras: Any, name: str, kind: Any) -> dict[str, Any]:
    """What the class must be given."""
    given = dict(OWN.get(name, {}))
    L = keras.layers
    for parameter in inspect.signature(kind.__init__).parameters.values():
        if parameter.default is inspect.Parameter.empty and parameter.name in ARGUMENTS:
            given.setdefault(parameter.name, ARGUMENTS[parameter.name])
    if name in ("TimeDistributed", "SpectralNormalization", "Bidirectional"):
        given["layer"] = L.LSTM(3) if name == "Bidirectional" else L.Dense(3)
    return {**given, "cell": [L.LSTMCell(3), L.GRUCell(2)]} if name == "RNN" else given


def inputs_for(name: str) -> list[list[tuple[int, ...]]]:
    """The input shapes to try, the likeliest first."""
    ranks = {"1D": [(8, 4)], "2D": [(8, 8, 3)], "3D": [(8, 8, 8, 2)]}
    first = [[(4, *shape[0])] if "LSTM" in name else shape for end, shape in ranks.items() if end in name]
    return [*first, *([[(8, 8, 3)]] if name.startswith(IMAGES) else []), *INPUTS]


def made(keras: Any, name: str) -> Any:
    """A model of one layer of this class, or None where Keras takes none of the inputs."""
    kind = getattr(keras.layers, name)
    for shapes in inputs_for(name):
        for dtype in ("float32", "int32"):
            keras.backend.clear_session()
            try:
                inputs = [keras.Input(shape, dtype=dtype) for shape in shapes]
                layer = kind(**arguments(keras, name, kind))
                try:
                    out = layer(inputs if len(inputs) > 1 else inputs[0])
                except (TypeError, ValueError):
                    out = layer(*inputs)
                return keras.Model(inputs, out)
            except (TypeError, ValueError, AttributeError, IndexError, RuntimeError, ImportError, NotImplementedError):
                continue
    return None


def main() -> None:
    """Write the file."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore")
    import keras

    from modelcost.layers import names

    found: dict[str, Any] = {}
    for name in sorted(set(names()) & set(vars(keras.layers))):
        kind = getattr(keras.layers, name)
        if not isinstance(kind, type) or name in ("InputLayer", "Input") or kind.__name__ != name or "Cell" in name:
            continue
        model = made(keras, name)
        if model is None:
            print("not made:", name)
            continue
        shapes = [list(one.shape) for one in keras.tree.flatten(model.outputs)]
        trainable = sum(weight.shape.num_elements() for weight in model.trainable_weights)
        found[name] = [json.loads(model.to_json()), shapes, model.count_params(), trainable]
    text = json.dumps(found, sort_keys=True, separators=(",", ":"))
    FILE.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    print(len(found), FILE.stat().st_size)


if __name__ == "__main__":
    main()
