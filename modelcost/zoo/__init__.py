"""Well-known networks, each a function that returns a `Model`; a family is loaded when one of its models is named."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from modelcost.model import Model

_MODULES = {
    "alexnet": "classic",
    "alexnet_grouped": "classic",
    "lenet5": "classic",
    "vgg11": "vgg",
    "vgg13": "vgg",
    "vgg16": "vgg",
    "vgg19": "vgg",
    "resnet18": "resnet",
    "resnet34": "resnet",
    "resnet50": "resnet",
    "resnet101": "resnet",
    "resnet152": "resnet",
    "mobilenet_v2": "mobilenet",
    "inception_v3": "inception",
    "densenet121": "densenet",
    "efficientnet_b0": "efficientnet",
    "unet": "segmentation",
    "vit_b16": "transformer",
    "bert_base": "transformer",
    "gpt2": "transformer",
    "gpt3_175b": "transformer",
    "fashion_cnn_bn": "coursework",
    "fashion_cnn_small": "coursework",
    "lstm_stack": "recurrent",
    "recurrent_three": "recurrent",
    "mlp_128": "coursework",
    "cnn_128": "coursework",
    "spectrogram_cnn": "coursework",
    "spectrogram_lstm": "recurrent",
    "mnist_mlp": "coursework",
    "mnist_mlp_winner": "coursework",
    "mnist_softmax_only": "coursework",
    "mnist_pooled": "coursework",
    "mnist_conv_pooled": "coursework",
    "cifar_convs_only": "coursework",
    "cifar_convs_and_pools": "coursework",
}


def names() -> tuple[str, ...]:
    """Return the names of the models, in the order in which they are listed."""
    return tuple(_MODULES)


def build(name: str, inputs: Sequence[Sequence[int]] | None = None, **settings: object) -> Model:
    """Return the model called `name`; `settings` go to its function, such as `classes=10`.

    `inputs` are the shapes for which it is made, where its function takes one: what depends on them, such as a position
    embedding's length, then follows. Other networks have the sizes of their exercise.
    Raises `UnknownNameError`, which suggests the nearest names, when there is no such model.

    >>> build("vit_b16", inputs=[(384, 384, 3)]).inputs[0].shape
    (384, 384, 3)
    """
    if name not in _MODULES:
        from modelcost.errors import unknown

        raise unknown("model", name, names())
    function = _function(name)
    return function(**_sized(function, inputs), **settings)


def _sized(function: Callable[..., Model], inputs: Sequence[Sequence[int]] | None) -> dict[str, object]:
    """The argument with which a model's function takes the shape of its input; all of its inputs have the same."""
    if not inputs:
        return {}
    shape = tuple(inputs[0])
    arguments = {"input_shape": shape, "sequence_length": shape[0] if len(shape) == 1 else shape}
    return {word: value for word, value in arguments.items() if word in function.__annotations__}


def _function(name: str) -> Callable[..., Model]:
    from importlib import import_module

    function: Callable[..., Model] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return function


def __getattr__(name: str) -> Callable[..., Model]:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    function = globals()[name] = _function(name)
    return function


def __dir__() -> list[str]:
    return ["build", "names", *_MODULES]
