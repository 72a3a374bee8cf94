"""How well slips are found that were planted: `python -m tests.benchmarks.diagnosis [COUNT] [SEED]`.

For one, two and three slips: how often the planted ones, or the same numbers on paper, are named first and among the
first three, how long it takes; and for unrelated numbers how often a slip is claimed all the same.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import modelcost as mc
from modelcost.homework.answers import Claim
from modelcost.homework.marking import verdict_on
from modelcost.homework.numerals import numeral
from modelcost.homework.subject import Subject
from tests.homework.planted import cases, named, unrelated

if TYPE_CHECKING:
    from modelcost.homework.verdict import Verdict
    from tests.homework.planted import Planted


SLOW = 0.02  # seconds


def checked(case: Planted, on_a_sheet: bool) -> Verdict:
    """The verdict on a case, from its figure alone or as a claim on a sheet, with all that is known of the model."""
    if not on_a_sheet:
        return mc.check(case.claim, of=case.of, report=case.report)
    claim = Claim("net", case.layer, case.quantity, numeral(case.claim))
    return verdict_on(claim, Subject(case.model, {"batch": 32}))


def found(case: Planted, on_a_sheet: bool = False) -> tuple[int | None, float]:
    """At which place the planted slips are named (0 is first; None: not at all), and the seconds that it took.

    What took long is done twice more and the least time is taken: the rest was the machine's.
    """
    taken = []
    while len(taken) < (3 if taken and taken[0] > SLOW else 1):
        start = time.process_time()
        verdict = checked(case, on_a_sheet)
        taken.append(time.process_time() - start)
    for place, one in enumerate(verdict.explanations):
        if one.certain and named(case, [slip.text for slip in one.slips], one.working):
            return place, min(taken)
    return None, min(taken)


def hits(
    seed: int, many: int, count: int, on_a_sheet: bool = False, tell: bool = False, whole: bool = False
) -> tuple[float, float, float, float]:
    """The share named first, that among the first three, the median and the longest time."""
    places, times, missed = [], [], Counter[str]()
    for case in cases(seed, many, count, whole):
        place, taken = found(case, on_a_sheet)
        places.append(place)
        times.append(taken)
        if place != 0 and tell:
            missed[" + ".join(slip.name for slip in case.slips)] += 1
            verdict = checked(case, on_a_sheet)
            print(f"  {place} {case} | {verdict.explanations[:2]}")
    if tell:
        print(missed.most_common(20))
    first = sum(place == 0 for place in places) / count
    three = sum(place is not None and place < 3 for place in places) / count
    return first, three, sorted(times)[count // 2], max(times)


def false_claims(seed: int, count: int, on_a_sheet: bool = False, whole: bool = False) -> float:
    """How often a slip is claimed, and held for certain, of a number that has nothing to do with the figure."""
    chance = random.Random(seed)
    claimed = 0
    for _ in range(count):
        verdict = checked(unrelated(chance, whole), on_a_sheet)
        claimed += bool(verdict.explanations) and verdict.explanations[0].certain
    return claimed / count


GOALS = {1: "95% first, 99% among three, 50 ms", 2: "80% first", 3: "1 s"}


def told(count: int, seed: int, on_a_sheet: bool, whole: bool, tell: bool) -> None:
    """All that is measured, line by line."""
    print(f"{'totals of networks' if whole else 'layers'}, {'on a sheet' if on_a_sheet else 'from the figure alone'}:")
    for many, goal in GOALS.items():
        first, three, middle, longest = hits(seed, many, count, on_a_sheet, tell, whole)
        times = f"median {middle * 1000:.1f} ms, longest {longest * 1000:.0f} ms"
        print(f"  {many} planted: first {first:.1%}, among three {three:.1%}, {times}; goal {goal}", flush=True)
    share = false_claims(seed, count, on_a_sheet, whole)
    print(f"  unrelated numbers: a slip is claimed of {share:.2%}; goal under 2%", flush=True)


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:] if word.isdigit()]
    count, seed = [*asked, *(1000, 0)[len(asked) :]][:2]
    for whole in (False, True):
        for on_a_sheet in (False, True):
            told(count, seed, on_a_sheet, whole, "-v" in sys.argv)
