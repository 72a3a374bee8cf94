"""What every layer is: a function from input shapes to facts, with checked arguments and a symbolic call."""

from __future__ import annotations

from itertools import count as serials

from modelcost.count import Count, Term
from modelcost.errors import ModelCostError, SizeError, UnknownNameError, short, unknown
from modelcost.facts import Facts
from modelcost.graph import called
from modelcost.layers.fields import REQUIRED, Field, Keyword, keyword
from modelcost.sizes import alike

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar, dataclass_transform

    from modelcost.facts import Output, Shape, Weight, Work
    from modelcost.layers.fields import DType, Flag, Free, Ignored, Regularizer
else:

    def dataclass_transform(**_):  # noqa: D103
        return lambda cls: cls


SPACE = {1: ("T",), 2: ("H", "W"), 3: ("D", "H", "W")}
"""The letters of the axes that windows slide over, by how many there are."""

_serial = serials(1)
_remembered: dict[Any, tuple[Facts, Layer]] = {}
UNBOUNDED = 2**31  # inputs of a layer that takes any number of them
REMEMBERED = 4_000  # calls; so that a repeated block is worked out once


def named(**sizes: Any) -> tuple[Any, ...]:
    """Sizes under the letters that formulas will show.

    >>> (U,) = named(U=128)
    >>> (U * 2).formula()
    'U*2'
    """
    return tuple(
        (size if size.name == name else size.called(name)) if isinstance(size, Term) else Count(size, name)
        for name, size in sizes.items()
    )


def named_axes(letter: str, sizes: tuple[Any, ...], suffixes: tuple[str, ...]) -> tuple[Any, ...]:
    """One size for each axis: all the same count where they are equal (K), else each its own (K_h, K_w).

    >>> [k.formula() for k in named_axes("K", (3, 3), ("h", "w"))]
    ['K', 'K']
    """
    if all(alike(size, sizes[0]) for size in sizes):
        return named(**{letter: sizes[0]}) * len(sizes)
    return named(**{f"{letter}_{suffix.lower()}": size for suffix, size in zip(suffixes, sizes, strict=True)})


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(keyword,))
class Layer:
    """A layer: declare its arguments, and say in `facts` what it costs. The rest follows.

    Arguments are annotated class attributes, with the kinds of `layers.fields`. Layers are
    compared and shared by identity: a layer called twice has its weights once. Only `trainable`
    may be changed after the layer is made, as Keras scripts do.
    """

    rank: ClassVar[int] = 0  # how many axes its windows slide over; tuples of sizes have that length
    more_inputs: ClassVar[tuple[str, ...]] = ()  # inputs after the first that can be given by name
    call_options: ClassVar[tuple[str, ...]] = ()  # call arguments that `facts` wants to know
    free_options: ClassVar[tuple[str, ...]] = ("training", "mask")  # call arguments that cost nothing; see `Model`
    inference_when_frozen: ClassVar[bool] = False  # whether one that is not trained runs as in inference in training
    hands_on_mask: ClassVar[str] = ""  # whose mask its result has: of its "first" input, of "all" if all have, of "any"
    reads_mask: ClassVar[bool] = False  # whether masks of what comes in change what it does in inference
    made_of_regularized: ClassVar[bool] = False  # whether its activity_regularizer is that of layers it is made of
    remembered: ClassVar[bool] = True  # whether calls that are alike in all may share their facts
    own_fields: ClassVar[tuple[Field, ...]] = ()
    fields: ClassVar[dict[str, Field]] = {}
    required: ClassVar[tuple[str, ...]] = ()
    positional: ClassVar[tuple[str, ...]] = ()

    name: Free = keyword(default=None)
    trainable: Flag = keyword(default=True)
    dtype: DType = keyword(default=None)
    autocast: Ignored = keyword()
    activity_regularizer: Regularizer = keyword()
    input_shape: Free = keyword()
    input_dim: Free = keyword()
    input_length: Free = keyword()
    batch_input_shape: Free = keyword()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.own_fields = tuple(_own_fields(cls))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        cls = type(self)
        fields_of(cls)
        given = _bound(cls, args, kwargs)
        self.__dict__.update(given=given, serial=next(_serial))
        try:
            for name, value in given.items():
                self.__dict__[name] = cls.fields[name].checked(value, cls.rank)
            self._check_name()
            self.check()
        except ModelCostError as error:
            raise type(error)(f"{self!r}: {error}") from None

    def _check_name(self) -> None:
        if self.name is not None and (not isinstance(self.name, str) or not self.name):
            raise ModelCostError(f"name must be a word. Received: name={short(self.name)}")

    def check(self) -> None:
        """Refuse arguments that do not go together; called once they have their normal form."""

    def facts(self, *inputs: Any, **options: Any) -> Iterator[Output | Weight | Work]:
        """What comes out, which weights there are, what is done: for inputs of these shapes, one example each."""
        raise NotImplementedError

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "trainable":
            raise AttributeError(f"{self!r} cannot be changed; make another with {name}={short(value)}")
        self.__dict__["trainable"] = type(self).fields["trainable"].checked(value, 0)
        for layer in self.layers_within():
            layer.trainable = value

    def layers_within(self) -> tuple[Layer, ...]:
        """The layers that it is made of: who freezes it freezes them, wherever else they are used."""
        found: list[Layer] = []
        for value in self.given.values():
            if isinstance(value, Layer):
                found.append(value)
            elif isinstance(value, list | tuple):
                found += [one for one in value if isinstance(one, Layer)]
        return tuple(found)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={short(v)}' for k, v in self.given.items() if k != 'name')})"

    if TYPE_CHECKING:
        given: ClassVar[dict[str, Any]]  # the arguments as they were written
        serial: ClassVar[int]  # the order in which layers were made, which numbers their names

    def costed(self, inputs: tuple[Shape, ...], options: dict[str, Any] | None = None) -> Facts:
        """The facts of a call on `inputs`; a call that is alike in all is worked out once."""
        key = _key(self, inputs, options)
        if key is not None and key in _remembered:
            return _remembered[key][0]
        least, most = _inputs_taken(type(self))
        if not least <= len(inputs) <= most:
            takes = _inputs_text(least, most)
            raise SizeError(f"{type(self).__name__} takes {takes}. Received: {len(inputs)}")
        facts = Facts(inputs, self.facts(*inputs, **(options or {})), self)
        if not facts.outputs:
            raise ModelCostError(f"{type(self).__name__}.facts said of no Output")
        if key is not None:
            if len(_remembered) >= REMEMBERED:
                _remembered.clear()
            _remembered[key] = facts, self
        return facts

    def weight_owners(self) -> tuple[Layer, ...]:
        """The layers whose weights these are, so that shared ones count once: itself, and those that it is made of."""
        return (self, *(owner for layer in self.layers_within() for owner in layer.weight_owners()))

    @property
    def input(self) -> Any:
        """The tensor that it was called on, or the list of them; an error where it was not called just once."""
        tensors = self._only_call().inputs
        return tensors[0] if len(tensors) == 1 else list(tensors)

    @property
    def output(self) -> Any:
        """The tensor that its call gave, or the list of them; an error where it was not called just once."""
        tensors = self._only_call().outputs
        return tensors[0] if len(tensors) == 1 else list(tensors)

    def _only_call(self) -> Any:
        if self.__dict__.get("called") is None:
            times = "more than once" if "called" in self.__dict__ else "on nothing yet"
            raise ModelCostError(f"{self!r} was called {times}, so that it has no input or output of its own")
        return self.__dict__["called"]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "called"}

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Call it on tensors, as in Keras's functional style: gives the tensor, or the tensors, that come out."""
        return called(self, inputs, options)


def _own_fields(cls: type[Layer]) -> Iterator[Field]:
    """The arguments that the class itself declares."""
    for name, kind in cls.__annotations__.items():
        if not kind.startswith("ClassVar"):
            default = cls.__dict__.get(name, REQUIRED)
            by_keyword = isinstance(default, Keyword)
            yield Field(name, kind, default.default if by_keyword else default, by_keyword)


Layer.own_fields = tuple(_own_fields(Layer))


def fields_of(cls: type[Layer]) -> dict[str, Field]:
    """The arguments that a class of layer takes, by name; it is made ready for its first instance."""
    if "required" not in cls.__dict__:
        _settle(cls)
    return cls.fields


def _settle(cls: type[Layer]) -> None:
    """Make a class ready for its first instance: its arguments in order, those of its bases first.

    Each default is put on the class in its normal form: an instance then holds only what it was given.
    An argument that a class declares anew keeps the place that it has in the base, unless it had none there.
    """
    fields: dict[str, Field] = {}
    for field in (field for base in reversed(cls.__mro__) if issubclass(base, Layer) for field in base.own_fields):
        if field.name in fields and fields[field.name].keyword_only:
            del fields[field.name]
        fields[field.name] = field
    cls.fields = fields
    for field in cls.fields.values():
        if field.default is not REQUIRED:
            setattr(cls, field.name, field.checked(field.default, cls.rank))
    cls.required = tuple(field.name for field in cls.fields.values() if field.default is REQUIRED)
    cls.positional = tuple(field.name for field in cls.fields.values() if not field.keyword_only)


def _inputs_taken(cls: type[Layer]) -> tuple[int, int]:
    """The fewest and the most inputs that a layer's `facts` takes: its parameters that are no call options."""
    code, defaults = cls.facts.__code__, cls.facts.__defaults__ or ()
    names = code.co_varnames[1 : code.co_argcount]
    inputs = [name for name in names if name not in cls.call_options]
    optional = [name for name in names[len(names) - len(defaults) :] if name in inputs]
    most = UNBOUNDED if code.co_flags & 0x04 else len(inputs)  # 0x04: it takes any number, as *xs
    return len(inputs) - len(optional), most


def _inputs_text(least: int, most: int) -> str:
    many = " or more" if most == UNBOUNDED else f" to {most}" if most > least else ""
    return f"{least}{many} input{'' if least == 1 and not many else 's'}"


def _bound(cls: type[Layer], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name, in the order in which the layer declares them."""
    if len(args) > len(cls.positional):
        few = len(cls.positional)
        raise ModelCostError(f"{cls.__name__} takes at most {few} arguments without a name. Received: {len(args)}")
    given = dict(zip(cls.positional, args, strict=False))
    for name, value in kwargs.items():
        if name not in cls.fields:
            raise UnknownNameError(f"{cls.__name__}: {unknown('argument', name, cls.fields)}")
        if name in given:
            raise ModelCostError(f"{cls.__name__}: {name} was given twice")
        given[name] = value
    missing = [name for name in cls.required if name not in given]
    if missing:
        raise ModelCostError(f"{cls.__name__} needs {' and '.join(missing)}")
    return given


def _key(layer: Layer, inputs: tuple[Shape, ...], options: dict[str, Any] | None) -> Any:
    """What a call's facts depend on: the class, its arguments, and the sizes that came in.

    Sizes that have a working, or can be bound, are told apart by identity, never by value: equal
    numbers can have different formulas. What is remembered holds them, so their identities stay
    theirs. There is no key, and nothing is remembered, for a layer around other layers: these can
    be frozen later.
    """
    if not layer.remembered:
        return None
    mine = ((name, layer.__dict__[name]) for name in layer.given if name not in ("name", "trainable"))
    key = (type(layer), *map(_identity, (*mine, *inputs)), *(options or {}).items())
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _identity(value: Any) -> Any:
    if isinstance(value, Term):
        if isinstance(value, Count) and not value.args and not value.size:
            return Count, int(value), value.name
        return Term, id(value)
    if isinstance(value, Layer):
        return []  # cannot be hashed: no key
    return tuple(map(_identity, value)) if value.__class__ is tuple else value
