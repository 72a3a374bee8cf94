"""All networks of keras.applications, read from their configurations: every layer as real Keras has it.

The data files come from Keras (`data/remake_applications.py`); nothing here needs it.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from modelcost.count import Expression
from modelcost.importers.keras_config import model_of
from modelcost.layers.operations import Operation
from modelcost.model import Model

FILES = sorted((Path(__file__).parent / "data" / "applications").glob("*.json.gz"))


def stored(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
    return found


def keras_shape(shape: Any) -> list[int | None]:
    return [None, *(None if isinstance(size, Expression) else int(size) for size in shape)]


def our_rows(model: Model) -> dict[str, list[Any]]:
    """Each layer's class, output shape, parameters and trainable parameters; operations are no layers to Keras."""
    rows: dict[str, list[Any]] = {}
    for call in model.calls:
        name, layer, facts = model.names[call.layer], call.layer, call.facts
        shapes = [keras_shape(output.shape) for output in facts.outputs]
        trainable = int(facts.params(trainable=True)) if layer.trainable else 0
        if not isinstance(layer, Operation) and name not in rows:
            rows[name] = [
                type(layer).__name__,
                shapes if len(shapes) > 1 else shapes[0],
                int(facts.params()),
                trainable,
            ]
    return rows


def test_there_are_all_forty() -> None:
    assert len(FILES) == 40


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.partition(".")[0])
def test_every_layer_is_as_in_keras(file: Path) -> None:
    data = stored(file)
    model = model_of(data["config"])
    theirs = {name: [kind, shape, params, trainable] for name, kind, shape, params, trainable in data["rows"]}
    ours = our_rows(model)
    for row in (*theirs.values(), *ours.values()):
        row[0] = "Model" if row[0] == "Functional" else row[0]
        if row[0] == "InputLayer" and isinstance(row[1][0], list):  # Keras keeps the output of an input in a list
            (row[1],) = row[1]
    assert ours == theirs
    assert sum(int(entry.facts.params()) for entry in model.entries() if entry.owns_weights) == data["params"]


def test_a_wrong_shape_would_be_seen() -> None:
    file = next(file for file in FILES if file.name.startswith("VGG16."))
    data = stored(file)
    layer = next(one for one in data["config"]["config"]["layers"] if one["name"] == "block1_conv1")
    layer["config"]["filters"] = 63
    assert our_rows(model_of(data["config"]))["block1_conv1"] != next(
        row[1:] for row in data["rows"] if row[0] == "block1_conv1"
    )
