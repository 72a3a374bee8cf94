"""A worked example for every layer: the first call of its own docstring, costed by the tool."""

from __future__ import annotations

import ast
import doctest
import inspect
import sys
from typing import Any, NamedTuple

import modelcost as mc
from modelcost.layers import names
from modelcost.render.blocks import Heading
from modelcost.render.explain import Explained, blocks
from modelcost.render.table import written

IMAGE = (32, 32, 3)
MADE_WITH = {
    "SpatialDropout2D": "0.5", "SpatialDropout3D": "0.5", "GaussianDropout": "0.5", "GaussianNoise": "0.1",
    "AlphaDropout": "0.5", "ActivityRegularization": "l2=0.01", "RandomRotation": "0.1",
    "RandomTranslation": "0.1, 0.1", "RandomZoom": "0.1", "RandomShear": "0.1, 0.1", "RandomBrightness": "0.1",
    "RandomContrast": "0.1",
    "RandomColorDegeneration": "0.5", "RandomHue": "0.1", "RandomSaturation": "0.5", "RandomSharpness": "0.5",
    "RandomPosterization": "4", "RandomElasticTransform": "1.0, 1.0", "RandomPerspective": "1.0, 0.5",
}  # fmt: skip
"""The arguments of layers whose docstrings call them on nothing, where they need any."""
BATCH = 32


class Example(NamedTuple):
    """A layer as it is written, the layer, the shapes that it is called on, and the options of the call."""

    written: str
    layer: Any
    shapes: tuple[tuple[int, ...], ...]
    options: dict[str, Any]


def classes() -> dict[type, list[str]]:
    """Every public class of layer and the names that it goes by, its own first."""
    found: dict[type, list[str]] = {}
    for name in names():
        value = getattr(mc.layers, name)
        if isinstance(value, type):
            found.setdefault(value, []).append(name)
    return found


def example(cls: type) -> Example:
    """The first call in the docstring of a layer; where there is none, a call on a small image.

    >>> example(mc.Dense).written, example(mc.Dense).shapes
    ('Dense(10)', ((784,),))
    """
    known = dict(vars(sys.modules[cls.__module__]))
    for step in doctest.DocTestParser().get_examples(inspect.getdoc(cls) or ""):
        if step.source.startswith(("from ", "import ")):
            exec(step.source, known)
        for node in ast.walk(ast.parse(step.source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "costed":
                shapes, *options = (eval(ast.unparse(one), known) for one in node.args)
                source = ast.get_source_segment(step.source, node.func.value) or ""
                return Example(source, eval(source, known), shapes, *options or ({},))
    source = f"{cls.__name__}({MADE_WITH.get(cls.__name__, '')})"
    shape = (4, *IMAGE) if cls.__name__.endswith("3D") else IMAGE
    return Example(source, eval(source, known), (shape,), {})


def worked(example: Example) -> tuple[str, str]:
    """The working of inference, and that of a training step where that says more, as the command `explain` has it.

    In training the call stands behind a layer that learns, so that its input needs a gradient too; what can only
    stand before all that learns does so.
    """
    forward = _text(*_report(example))
    training = {"batch": BATCH, "optimizer": "sgd"}
    try:
        both = _text(*_report(example, **training, before=True))
    except mc.ModelCostError:
        try:
            both = _text(*_report(example, **training))
        except mc.ModelCostError as error:
            return forward, f"{error}\n"
    return forward, both.removeprefix(forward).lstrip("\n")


def _report(example: Example, before: bool = False, **settings: Any) -> tuple[mc.Report, str]:
    """What a model of that one call costs, a layer that learns before it or behind, and the name of the call."""
    if isinstance(example.layer, mc.InputLayer):
        first = mc.Input(example.layer.shape)
        return mc.cost(mc.Model(first, mc.Dense(1)(first)), **settings), "input_layer"
    inputs = [mc.Input(shape) for shape in example.shapes]
    outputs = example.layer(*([mc.PReLU()(x) for x in inputs] if before else inputs), **example.options)
    name = mc.Model(inputs, outputs).entries()[-1].name
    if settings and not before:
        outputs = mc.Dense(1)(outputs)
    unknown = isinstance(example.layer, mc.UnknownLayer)
    return mc.cost(mc.Model(inputs, outputs), partial=unknown, **settings), name


def _text(found: mc.Report, name: str) -> str:
    """What `explain` says of a layer, without the line that heads it and the one about FLOPs that ends it."""
    view = [block for block in blocks(Explained(found, name)) if not isinstance(block, Heading)]
    return written(view[1 if found.unknown else 0 : -1], 88)
