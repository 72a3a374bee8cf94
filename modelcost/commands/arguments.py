"""What the commands take, and the reading of it: nothing here knows what a model costs."""

from __future__ import annotations

from argparse import SUPPRESS, Action, ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter

from modelcost.commands.output import said, terminal_width
from modelcost.errors import ModelCostError, nearest, short, unknown
from modelcost.render import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, NoReturn

    from modelcost.model import Model

MODEL = (
    "a name of the zoo (see `modelcost models`), a file (.keras, .json, .h5, .yaml), or package.module:name for a "
    "model of your own"
)


class Parser(ArgumentParser):
    """A parser of whole option names, whose errors are `ModelCostError`s and suggest what may have been meant.

    `models` and `files` are those of its arguments that are such, for a shell to complete.
    """

    def __init__(self, prog: str, description: str, epilog: str | None = None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            add_help=False,
            formatter_class=_page,
        )
        self.models: list[Action] = []
        self.files: list[Action] = []
        self._section: Any = None
        self.add_argument("-h", "--help", action="help", default=SUPPRESS, help="show this help and stop")

    def section(self, title: str) -> None:
        """Let the help tell the options that are added from now on under a title of their own."""
        self._section = self.add_argument_group(title)

    def add_argument(self, *names: Any, **how: Any) -> Action:
        """Take an argument, in the section that was begun last."""
        where: Any = super() if self._section is None else self._section
        added: Action = where.add_argument(*names, **how)
        return added

    def add_model(self, nargs: str | None = None, words: str = "") -> None:
        """Take a model, or several."""
        self.models.append(self.add_argument("model", metavar="MODEL", nargs=nargs, help=words + MODEL))

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong as a `ModelCostError`, with where to read more."""
        raise ModelCostError(f"{message.removeprefix('argument ')} (see {self.prog} --help)")

    def format_help(self) -> str:
        """The help, its first words filled to the width: the formatter leaves them and the examples as they are."""
        from modelcost.render.table import filled

        self.description = "\n".join(filled(self.description or "", _width()))
        return super().format_help()

    def print_help(self, file: Any = None) -> None:
        """Print the help as any other answer: where that cannot be done, it is an error."""
        said(self.format_help())

    def parsed(self, words: Sequence[str], meant: Callable[[Namespace, list[str]], str] | None = None) -> Namespace:
        """The arguments; an error that names the first word that has no place, and says what `meant` makes of it."""
        found, others = self.parse_known_args(list(words))
        if not others:
            return found
        if is_option(others[0]):
            return self.error(self._no_option(others[0]))
        return self.error(f"one argument too many: {short(others[0])}{meant(found, others) if meant else ''}")

    def _no_option(self, text: str) -> str:
        word = text.partition("=")[0]
        near = nearest(word, (option for option in self._option_string_actions if option.startswith("--")))
        return f"unknown option {short(word)}{f'; did you mean {near[0]}?' if near else ''}"


def is_option(word: str) -> bool:
    """Whether a word is an option, or was meant to be one."""
    return word.startswith("-") and word != "-"


def _page(prog: str) -> RawDescriptionHelpFormatter:
    """Help as wide as the terminal; a width that is given saves argparse the import of what would ask for it."""
    return RawDescriptionHelpFormatter(prog, max_help_position=28, width=_width())


def _width() -> int:
    return min(terminal_width() or 100, 100)


def whole(text: str) -> int:
    """A whole number, which may be written 60_000."""
    digits = text.strip().lstrip("+-").replace("_", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 1000):
        raise ArgumentTypeError(f"expected a whole number. Received: {short(text)}")
    return int(text)


def shape(text: str) -> tuple[int, ...]:
    """The sizes of one example, such as 227x227x3."""
    sizes = text.lower().split("x")
    if not all(size.isascii() and size.isdigit() and len(size) < 1000 for size in sizes):
        raise ArgumentTypeError(f"expected sizes such as 227x227x3. Received: {short(text)}")
    return tuple(int(size) for size in sizes)


def one_of(kind: str, known: Iterable[str]) -> Callable[[str], str]:
    """The reading of a word that must be one of those known."""

    def read(text: str) -> str:
        if text not in known:
            raise ArgumentTypeError(str(unknown(kind, text, known)))
        return text

    return read


def add_choice(parser: Parser, option: str, known: Iterable[str], default: str | None, words: str) -> None:
    """An option that takes one of several names."""
    name = option.strip("-")
    told, read = f"{words} ({default})" if default else words, one_of(name, known)
    parser.add_argument(option, metavar="NAME", type=read, choices=tuple(known), default=default, help=told)


def add_settings(parser: Parser) -> None:
    """What every costing takes."""
    parser.add_argument("--batch", metavar="N", type=whole, default=1, help="examples in a mini-batch (1)")
    add_fixed_settings(parser)


def add_fixed_settings(parser: Parser) -> None:
    """All of that but the batch."""
    from modelcost.conventions import CONVENTIONS
    from modelcost.dtypes import COMPUTE

    words = "shape of one example, such as 227x227x3; again for each further input"
    parser.add_argument("--input", metavar="SHAPE", type=shape, action="append", help=words)
    words = "what numbers are stored as, or a policy, instead of what the layers say (float32)"
    add_choice(parser, "--dtype", COMPUTE, None, words)
    add_choice(parser, "--convention", CONVENTIONS, "flops", "what counts as a FLOP")
    words = "layers of unknown cost count as nothing, and the answer says that it is a lower bound"
    parser.add_argument("--partial", action="store_true", help=words)
    parser.section("epochs and training")
    parser.add_argument("--data", metavar="N", type=whole, help="training examples, for the epoch")
    parser.add_argument("--epochs", metavar="N", type=whole, help="epochs, for the run")
    add_training(parser)


def add_training(parser: Parser) -> None:
    """What training takes, and the passes that stand beside it."""
    words = "train: adam, sgd, ..., or a call such as 'SGD(momentum=0.9)'"
    parser.add_argument("--optimizer", metavar="NAME", help=words)
    words = "the loss, to be counted too: mse, sparse_categorical_crossentropy, ..."
    parser.add_argument("--loss", metavar="NAME", help=words)
    words = "examples held out: a fraction of the data, such as 0.2, or so many beside it"
    parser.add_argument("--validation", metavar="N", type=part, help=words)
    parser.add_argument("--test", metavar="N", type=whole, help="examples that the trained model is tested on")
    words = "the epoch after which the run ended, before all of --epochs"
    parser.add_argument("--early-stop", metavar="EPOCH", type=whole, help=words)
    parser.add_argument("--drop-remainder", action="store_true", help="leave a last short mini-batch out")


def add_memory(parser: Parser) -> None:
    """Whether memory is shown where no training asks for it."""
    words = "show what must be held in memory at once too; with --optimizer it is shown in any case"
    parser.add_argument("--memory", action="store_true", help=words)


def part(text: str) -> int | float:
    """A fraction, such as 0.2, or a whole number."""
    if "." not in text:
        return whole(text)
    try:
        return float(text)
    except ValueError:
        raise ArgumentTypeError(f"expected a fraction or a whole number. Received: {short(text)}") from None


def add_output(parser: Parser) -> None:
    """Where the answer goes, and in which form."""
    parser.section("the answer")
    add_choice(parser, "--format", FORMATS, "table", f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
    words = "write to a file, which is never left half written; - is standard output"
    parser.files.append(parser.add_argument("--output", metavar="FILE", help=words))


def add_rows(parser: Parser) -> None:
    """Which rows are shown; they always add up to the totals."""
    words = "nested models deeper than this are one row: 1 for each model within the model"
    parser.add_argument("--depth", metavar="N", type=whole, help=words)
    words = "the rows with most of this figure first: params, flops, activation_bytes, ..."
    parser.add_argument("--sort", metavar="FIGURE", help=words)
    words = "only the rows with most of it, or most FLOPs, and one row for all others"
    parser.add_argument("--top", metavar="N", type=whole, help=words)


def arranged(report: Any, given: Namespace) -> Any:
    """The report in the rows that were asked for."""
    if given.depth is given.sort is given.top is None:
        return report
    return report.arranged(depth=given.depth, sort=given.sort, top=given.top)


def costed(given: Namespace, text: str) -> Any:
    """The report on the model that `text` stands for, by the settings that were given."""
    from modelcost.commands.source import named
    from modelcost.costing import cost

    model = named(text, given.partial)
    if given.input is None and not isinstance(model, str):
        _check_start(model, text)
    return cost(model, batch=given.batch, **settings(given))


SETTINGS = (
    *("data", "epochs", "convention", "dtype", "input", "partial", "optimizer", "loss", "validation", "test"),
    *("early_stop", "drop_remainder"),
)
"""The options that are arguments of `cost`; the batch, and those about time and memory, apart."""


def settings(given: Namespace) -> dict[str, Any]:
    """The arguments of `cost` that were given, with those about time and memory where the command takes them."""
    found = {name: getattr(given, name) for name in SETTINGS}
    return {**found, "memory": getattr(given, "memory", False), **_timing(given)}


def _timing(given: Namespace) -> dict[str, Any]:
    """What was said about time, where the command takes that."""
    if not hasattr(given, "cpu"):
        return {}
    from modelcost.commands.timing import timing

    return timing(given)


def _check_start(model: Model, text: str) -> None:
    if not model.inputs:
        way_out = "give it, as in --input 784 or --input 28x28x1"
        raise ModelCostError(f"{short(text)}: the shape of its input is not known; {way_out}")
