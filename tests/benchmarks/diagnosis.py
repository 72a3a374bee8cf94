"""How well slips are found that were planted, and how fast: `python -m tests.benchmarks.diagnosis [COUNT] [SEED]`.

For one, two and three slips: how often the planted ones, or the same numbers on paper, are named first and among the
first three, how long it takes; and for unrelated numbers how often a slip is claimed all the same. Time is that of the
CPU, of the first question about a network: nothing is remembered from another. What the report itself takes, with the
right figure, is named apart.

`-v` tells what was missed; `--save docs/data/diagnosis.json` writes what the documentation's table is made of.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import modelcost as mc
from modelcost.homework.answers import Claim
from modelcost.homework.marking import verdict_on
from modelcost.homework.numerals import numeral
from modelcost.homework.quantities import count as right_figure
from modelcost.homework.subject import Subject
from tests.benchmarks.__main__ import loop
from tests.homework.planted import KINDS, cases, named, unrelated

if TYPE_CHECKING:
    from modelcost.homework.verdict import Verdict
    from tests.homework.planted import Planted

SLOW = 0.02  # seconds
FEWER = {"deep totals": 6, "training": 6}
"""Kinds of figures of which there are so many times fewer cases: each takes longer."""
GOALS = {1: "95% first, 99% among three, 50 ms", 2: "80% first", 3: "1 s"}


class Hits(NamedTuple):
    """The share of slips named first, that among the first three, the median and the longest seconds; of the report.

    `simpler`: the share of figures that fewer slips make than were planted, which are named first then.
    """

    first: float
    three: float
    simpler: float
    middle: float
    longest: float
    report: float = 0.0


def forget() -> None:
    """Empty whatever the diagnosis remembers from one question to the next."""
    for name, module in list(sys.modules.items()):
        for known in vars(module).values() if name.startswith("modelcost.homework.") else ():
            if hasattr(known, "cache_clear"):
                known.cache_clear()


def asked(case: Planted, on_a_sheet: bool) -> tuple[Any, float]:
    """What gives the verdict on a case, and the seconds that its report took; all that was remembered is forgotten."""
    forget()
    start = time.process_time()
    if not on_a_sheet:
        of, report = case.of, case.report
        return lambda: mc.check(case.claim, of=of, report=report), time.process_time() - start
    subject = Subject(case.model, case.setting)
    right_figure(subject, case.layer, case.quantity)
    taken = time.process_time() - start
    claim = Claim("net", case.layer, case.quantity, numeral(case.claim))
    return lambda: verdict_on(claim, subject), taken


def checked(case: Planted, on_a_sheet: bool) -> Verdict:
    """The verdict on a case, from its figure alone or as a claim on a sheet, with all that is known of the model."""
    verdict: Verdict = asked(case, on_a_sheet)[0]()
    return verdict


def timed(case: Planted, on_a_sheet: bool) -> tuple[Verdict, float, float]:
    """The verdict, and the seconds that it and its report took.

    What took long is done twice more and the least time is taken: the rest was the machine's.
    """
    taken: list[float] = []
    own: list[float] = []
    while len(taken) < (3 if taken and taken[0] > SLOW else 1):
        ask, report = asked(case, on_a_sheet)
        start = time.process_time()
        verdict = ask()
        taken.append(time.process_time() - start)
        own.append(report)
    return verdict, min(taken), min(own)


def place_of(case: Planted, verdict: Verdict) -> int | None:
    """At which place the planted slips are named (0 is first; None: not at all)."""
    for place, one in enumerate(verdict.explanations):
        if one.certain and named(case, [slip.text for slip in one.slips], one.working):
            return place
    return None


def fewer(case: Planted, verdict: Verdict) -> bool:
    """Whether what is named first is certain, and fewer slips than were planted: these make the same figure."""
    return any(one.certain and len(one.slips) < len(case.slips) for one in verdict.explanations[:1])


def hits(seed: int, many: int, count: int, on_a_sheet: bool = False, tell: bool = False, kind: str = "layers") -> Hits:
    """How many planted slips are found, and in which time."""
    places, times, own, missed, simpler = [], [], [], Counter[str](), 0
    for case in cases(seed, many, count, kind):
        verdict, taken, report = timed(case, on_a_sheet)
        place = place_of(case, verdict)
        places.append(place)
        times.append(taken)
        own.append(report)
        simpler += place != 0 and fewer(case, verdict)
        if place != 0 and tell:
            missed[" + ".join(slip.name for slip in case.slips)] += 1
            print(f"  {place} {case} | {verdict.explanations[:2]}")
    if tell:
        print(missed.most_common(20))
    first = sum(place == 0 for place in places) / count
    three = sum(place is not None and place < 3 for place in places) / count
    return Hits(first, three, simpler / count, median(times), max(times), median(own))


def false_claims(seed: int, count: int, on_a_sheet: bool = False, kind: str = "layers") -> float:
    """How often a slip is claimed, and held for certain, of a number that has nothing to do with the figure."""
    chance = random.Random(seed)
    claimed = 0
    for _ in range(count):
        verdict = checked(unrelated(chance, kind), on_a_sheet)
        claimed += bool(verdict.explanations) and verdict.explanations[0].certain
    return claimed / count


def told(count: int, seed: int, kind: str, on_a_sheet: bool, tell: bool) -> dict[str, Any]:
    """All that is measured of one kind of figure, line by line; and as plain data."""
    count = max(1, count // FEWER.get(kind, 1))
    found: dict[str, Any] = {"kind": kind, "on_a_sheet": on_a_sheet, "cases": count, "planted": {}}
    print(f"{kind}, {'on a sheet' if on_a_sheet else 'from the figure alone'}:")
    for many, goal in GOALS.items():
        measured = hits(seed, many, count, on_a_sheet, tell, kind)
        times = f"median {measured.middle * 1000:.1f} ms, longest {measured.longest * 1000:.0f} ms"
        own = f"report {measured.report * 1000:.1f} ms"
        share = f"first {measured.first:.1%}, among three {measured.three:.1%}, fewer slips do {measured.simpler:.1%}"
        print(f"  {many} planted: {share}, {times}, {own}; goal {goal}", flush=True)
        found["planted"][many] = measured._asdict()
    found["unrelated"] = false_claims(seed, count, on_a_sheet, kind)
    print(f"  unrelated numbers: a slip is claimed of {found['unrelated']:.2%}; goal under 2%", flush=True)
    return found


def reference() -> float:
    """The CPU seconds of the fixed piece of Python that benchmarks are compared with."""
    taken = []
    for _ in range(7):
        start = time.process_time()
        loop()
        taken.append(time.process_time() - start)
    return min(taken)


def main(words: list[str]) -> None:
    """Measure every kind of figure, and save it where that is asked for."""
    numbers = [int(word) for word in words if word.isdigit()]
    count, seed = [*numbers, *(1000, 0)[len(numbers) :]][:2]
    of_loop = reference()
    print(f"reference loop: {of_loop * 1000:.1f} ms")
    asked_for = [(kind, sheet) for kind in KINDS for sheet in (False, True) if sheet or kind != "training"]
    rows = [told(count, seed, kind, sheet, "-v" in words) for kind, sheet in asked_for]
    if "--save" in words:
        kept = {"date": f"{date.today()}", "seed": seed, "reference_loop": of_loop, "rows": rows}
        Path(words[words.index("--save") + 1]).write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
