"""Points whose sizes alone differ: a model is costed once, and its figures are evaluated for all of them together."""

from __future__ import annotations

from modelcost.binding import over_arrays, rebound
from modelcost.count import Term
from modelcost.errors import ModelCostError, SizeError
from modelcost.notation import topological
from modelcost.sizes import CHECKING
from modelcost.space import array
from modelcost.sweeps.points import Failed, Points, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from modelcost.report import Report


def table(report: Report, terms: Mapping[str, Any], mesh: Mapping[str, Any]) -> Points:
    """The values of terms of a report at all points of a mesh of sizes; points where a size cannot be are failed ones.

    The sizes are arrays that broadcast together: what depends on one of them is worked out once for each of its values.
    """
    import numpy as np

    whole = dict(zip(mesh, np.broadcast_arrays(*mesh.values()), strict=True))
    shape = next(iter(whole.values())).shape
    impossible = np.zeros(shape, bool)
    found: dict[str, Any] = {}
    for name, term in terms.items():
        _check_bound(report.model, name, term, mesh)
        words = term.free_sizes() if isinstance(term, Term) else ()
        values = over_arrays(term, mesh, exact=True) if any(word in mesh for word in words) else array([int(term)])
        impossible |= np.ma.getmaskarray(values)
        found[name] = np.broadcast_to(np.ma.getdata(values), shape)
    there = {name: column[~impossible] for name, column in {**whole, **found}.items()}
    not_there = {name: column[impossible] for name, column in whole.items()}
    reasons = Reasons(_checks(report, tuple(terms.values())), not_there, int(impossible.sum()))
    return Points(report.model, tuple(mesh), tuple(terms), there, Failed(not_there, reasons))


def _check_bound(of: str, name: str, term: Any, columns: Mapping[str, Any]) -> None:
    """Refuse a figure that depends on a size, if only on whether it can be, that nothing is chosen for."""
    for node in topological(term) if isinstance(term, Term) else ():
        words = getattr(node, "size", ())
        if words and not isinstance(node, int) and not any(word in columns for word in words):
            raise ModelCostError(f"{name} of {of} depends on {words[0]}, which has no value: sweep over it too")


class Reasons:
    """Why each point of some columns of sizes cannot be: worked out when one is asked for, all at once."""

    def __init__(self, checks: Iterable[tuple[str, Any]], columns: Mapping[str, Any], many: int) -> None:
        self.checks, self.columns, self.many = list(checks), columns, many
        self._known: list[str] | None = None

    def __len__(self) -> int:
        return self.many

    def __getitem__(self, i: Any) -> Any:
        if self._known is None:
            self._known = list(self._found())
        return self._known[i]

    def __iter__(self) -> Iterator[str]:
        return (self[i] for i in range(len(self)))

    def _found(self) -> Sequence[str]:
        import numpy as np

        reasons = [""] * self.many
        left = np.arange(self.many)
        for layer, check in self.checks:
            words = [word for word in self.columns if word in check.free_sizes()]
            if not words or not len(left):
                continue
            sizes = {word: self.columns[word][left] for word in words}
            failing = np.broadcast_to(np.ma.getmaskarray(over_arrays(check, sizes, exact=True)), left.shape)
            told: dict[Any, str] = {}
            for i in left[failing]:
                key = tuple(plain(self.columns[word][i]) for word in words)
                if key not in told:
                    told[key] = layer + _why(check, dict(zip(words, key, strict=True)))
                reasons[i] = told[key]
            left = left[~failing]
        return reasons


def _checks(report: Report, terms: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """What can find sizes impossible, in the order in which it is come upon: what it says first, and the node."""
    seen: set[int] = set()
    sizes = ((f"{row.name}: ", size) for row in report.rows for shape in row.output_shapes for size in shape)
    for layer, term in (*sizes, *(("", term) for term in terms)):
        for node in topological(term) if isinstance(term, Term) else ():
            if getattr(node, "op", "") in CHECKING and id(node) not in seen:
                seen.add(id(node))
                yield layer, node


def _why(check: Any, sizes: Mapping[str, int]) -> str:
    try:
        rebound(check, sizes)
    except SizeError as error:
        return str(error)
    raise AssertionError(f"masked, but possible: {check.formula()} for {sizes}")
