"""`modelcost sweep MODEL --batch 1:1024`: a table of costs, at many sizes or of many models."""

from __future__ import annotations

from argparse import ArgumentTypeError
from contextlib import contextmanager
from functools import partial

from modelcost.commands.arguments import Parser, add_fixed_settings, add_output, is_option, settings, whole
from modelcost.commands.timing import add_timing
from modelcost.errors import short
from modelcost.sizes import LETTERS, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence
    from typing import Any

    from modelcost.sweeps import Points, Sweep

EPILOG = """\
values: numbers and ranges between commas, as 1,8,64 or 128:512:32. A range
START:STOP[:STEP] ends at STOP, which is included, or at the last step before.
The arguments of a function that makes models are options too. A size can
be the same as another: --height 128:512:32 --width height

examples:
  modelcost sweep resnet50 --height 128:512:32 --width height --format csv
  modelcost sweep resnet50 --batch 1:1024 --where 'minibatch.forward_flops < 1T'
  modelcost sweep mynets:mlp --units 64,128,256 --layers 3:5 --sort macs
  modelcost sweep mynets:mlp --units 8:512 --workers 4 --resume mlp.jsonl
"""
SETTINGS_OFF: tuple[Any, ...] = (None, False, [])
"""What an option is that was not given."""


def parser(name: str = "sweep") -> Parser:
    """What `modelcost sweep` takes."""
    told = (
        "What a model costs at many sizes, or what many models cost that a function of yours makes: a table of points. "
        "Points that cannot be are told beside the rest, with the reason. Status 1 where no point is left."
    )
    parser = Parser(f"modelcost {name}", told, EPILOG)
    parser.add_model(words="or a function that takes arguments and returns one: ")
    for word, letter in LETTERS.items():
        parser.add_argument(f"--{word}", metavar="VALUES", type=sizes, help=f"values of {word} ({letter})")
    words = "names of figures: params, minibatch.flops, memory.peak_training_bytes, time.minibatch.seconds, ..."
    parser.add_argument("--figures", metavar="NAMES", type=names, help=words)
    words = "keep points for which it holds, as 'params < 1e6 and batch >= 8'; again for another condition"
    parser.add_argument("--where", metavar="CONDITION", action="append", help=words)
    words = "keep points that no other beats in all of these, each as low as can be (-NAME: as high)"
    parser.add_argument("--pareto", metavar="NAMES", type=names, help=words)
    words = "the points with most of this first (-NAME: with least)"
    parser.add_argument("--sort", metavar="NAMES", type=names, help=words)
    parser.add_argument("--top", metavar="N", type=whole, help="the first N points only")
    parser.add_argument("--sample", metavar="N", type=whole, help="N points drawn by chance, not all")
    parser.add_argument("--seed", metavar="N", type=whole, default=0, help="of that chance (0)")
    parser.add_argument("--workers", metavar="N", type=whole, help="cost points one by one in N processes")
    words = "keep each point in a file as it is done, and go on from there when run again"
    parser.files.append(parser.add_argument("--resume", metavar="FILE", help=words))
    words = "draw the points into a file, .png, .svg or .pdf"
    parser.files.append(parser.add_argument("--plot", metavar="FILE", dest="picture", help=words))
    add_fixed_settings(parser)
    add_timing(parser)
    add_output(parser)
    return parser


def run(name: str, words: Sequence[str]) -> int:
    """Show the points; 1 if there are none, 130 if it was stopped before the end."""
    given, chosen = _given(parser(name), list(words))
    from modelcost.commands.output import shown, warned
    from modelcost.commands.source import in_place
    from modelcost.render import sweep as view

    status = 0
    with in_place(given.model):
        found = _sweep(given, chosen)
        try:
            with _stoppable():
                points = _worked_out(found, given)
        except KeyboardInterrupt:
            points, status = found.done, 130
    front = points.pareto(*given.pareto) if given.pareto else points
    picked = front.sort(*given.sort) if given.sort else front
    picked = picked if given.top is None else picked.top(given.top)
    if status:
        done = len(points) + len(points.failed)
        way_out = "" if given.resume is None else "; run it again to go on"
        warned(f"modelcost: stopped after {done:,} of {len(found.space):,} points{way_out}")
    shown(view, picked, given)
    if given.picture:
        _draw(points, front, given)
    return status or (0 if len(picked) else 1)


def _given(taken: Parser, words: list[str]) -> tuple[Namespace, dict[str, Any]]:
    """What was given, and what of it are arguments of a function: options that the command does not have."""
    words = list(_joined(words))
    given, others = taken.parse_known_args(words)
    for name in ("top", "workers"):
        if getattr(given, name) is not None:
            size(name, getattr(given, name))
    if not others or ":" not in given.model:
        taken.parsed(words)
    return given, dict(_arguments(taken, others))


def _joined(words: list[str]) -> Iterator[str]:
    """The words, with `--sort -params` as `--sort=-params`: else -params would be taken for an option."""
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        signed = word in ("--sort", "--pareto") and waiting and waiting[0][:1] == "-" != waiting[0][1:2]
        yield f"{word}={waiting.pop(0)}" if signed else word


def _arguments(taken: Parser, words: list[str]) -> Iterator[tuple[str, Any]]:
    waiting = [part for word in words for part in (word.split("=", 1) if is_option(word) else [word])]
    while waiting:
        option = waiting.pop(0)
        if not option.startswith("--") or not option[2:].replace("-", "_").isidentifier():
            taken.error(f"one argument too many: {short(option)}")
        if not waiting:
            taken.error(f"{option}: expected its values")
        try:
            yield option[2:].replace("-", "_"), values(waiting.pop(0))
        except ArgumentTypeError as error:
            taken.error(f"{option}: {error}")


def _sweep(given: Namespace, chosen: dict[str, Any]) -> Sweep:
    from modelcost.commands.source import function_or_model
    from modelcost.sweeps import sweep
    from modelcost.sweeps.asked import usual_figures

    lengths = {word: getattr(given, word) for word in LETTERS if getattr(given, word) is not None}
    chosen |= {word: length for word, length in lengths.items() if not isinstance(length, str)}
    chosen |= {word: _same_as(length) for word, length in lengths.items() if isinstance(length, str)}
    fixed = {name: value for name, value in settings(given).items() if value not in SETTINGS_OFF}
    figures = [*(given.figures or usual_figures({**fixed, **chosen}))]
    figures += [name.removeprefix("-") for name in (*(given.pareto or ()), *(given.sort or ()))]
    kept = {"where": given.where, "sample": given.sample, "seed": given.seed, "resume": given.resume}
    return sweep(function_or_model(given.model), chosen, figures=figures, **kept, **fixed)


def _same_as(name: str) -> Any:
    """The choice that is whatever another is."""
    from inspect import Parameter, Signature

    def same(**chosen: Any) -> list[Any]:
        return [chosen[name]]

    same.__signature__ = Signature([Parameter(name, Parameter.KEYWORD_ONLY)])  # type: ignore[attr-defined]
    return same


def _worked_out(found: Sweep, given: Namespace) -> Points:
    """All points of the sweep, by processes if they were asked for and there is something for them to do."""
    if given.workers is None or found.at_once:
        len(found)
        return found
    from concurrent.futures import ProcessPoolExecutor

    executor = ProcessPoolExecutor(given.workers, initializer=_prepared)
    found.executor = executor
    try:
        len(found)
    finally:
        executor.shutdown(cancel_futures=True)
    return found


def _prepared() -> None:
    """Let a worker leave an interrupt to the process that it works for, end with it, and print as errors do."""
    import os
    import signal
    import sys
    from threading import Thread

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.stdout = sys.stderr
    Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when that which it works for has been killed: nothing else would tell it."""
    import os
    from time import sleep

    while os.getppid() == parent:
        sleep(0.5)
    os._exit(1)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let a request to end (SIGTERM) stop a sweep as Ctrl-C does: what is done is shown, and no worker is left."""
    import signal
    from threading import current_thread, main_thread

    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _draw(points: Points, front: Points, given: Namespace) -> None:
    from modelcost.commands.plotting import saved_picture
    from modelcost.render.plots.sweep import figure

    axes = [name.removeprefix("-") for name in given.pareto or ()][:2]
    drawn = partial(figure, points, axes[0], axes[1], front) if len(axes) == 2 else partial(figure, front)
    saved_picture(drawn, given.picture, "--plot")


def names(text: str) -> list[str]:
    """Names between commas."""
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise ArgumentTypeError(f"expected names between commas. Received: {short(text)}")
    return found


def sizes(text: str) -> Any:
    """Whole numbers and ranges between commas; or another size, which it is to be the same as."""
    if text in LETTERS:
        return text
    found = values(text)
    if not isinstance(found, range) and not all(type(value) is int for value in found):
        raise ArgumentTypeError(f"expected whole numbers, as 1,8,64 or 128:512:32. Received: {short(text)}")
    return found


def values(text: str) -> Any:
    """Numbers, words and ranges between commas; a range, which is never written out, where there is only that.

    >>> values("1,8,16:64:16"), values("relu,elu"), values("1:1024")
    ([1, 8, 16, 32, 48, 64], ['relu', 'elu'], range(1, 1025))
    """
    parts = [_part(part.strip()) for part in text.split(",")]
    if len(parts) == 1 and isinstance(parts[0], range):
        return parts[0]
    if sum(len(part) for part in parts if isinstance(part, range)) > MOST_LISTED:
        raise ArgumentTypeError(f"more than {MOST_LISTED:,} values; give one range. Received: {short(text)}")
    return [value for part in parts for value in (part if isinstance(part, range) else [part])]


MOST_LISTED = 10_000_000


def _part(text: str) -> Any:
    """A range, a number, true, false or none, or a word."""
    if not text:
        raise ArgumentTypeError("expected a value between the commas")
    bounds = text.split(":")
    if len(bounds) in (2, 3):
        start, stop, step = (whole(bound) for bound in (*bounds, "1")[:3])
        if step < 1 or stop < start:
            raise ArgumentTypeError(f"a range goes up, from START to STOP by STEP. Received: {short(text)}")
        return range(start, stop + 1, step)
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    for kind in (whole, float):
        try:
            return kind(text)
        except (ArgumentTypeError, ValueError):
            continue
    return text


WORDS = {"true": True, "false": False, "none": None}
