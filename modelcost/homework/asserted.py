"""Whether a truth is being asked for by a plain `assert`, whose own message would be empty.

pytest rewrites the asserts of test files and shows what was compared. Elsewhere, as in a notebook that marks itself,
`assert check(...)` fails without a word. What is asserted can see that in the code that asks, and fail with words.
"""

from __future__ import annotations

from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType

AFTER_A_TEST = ("CACHE", "TO_BOOL", "NOT_TAKEN", "EXTENDED_ARG")
JUMPS = ("POP_JUMP_IF_TRUE", "POP_JUMP_FORWARD_IF_TRUE")


def asserting(frame: FrameType | None) -> bool:
    """Whether the code of a frame is just now testing what it asserts, with no message of its own.

    An assert without a message is a jump past the raising of an AssertionError, if the test is true.
    """
    return frame is not None and _asserted(frame.f_code, frame.f_lasti)


@lru_cache(maxsize=100)  # what marks a class asks from the same few places
def _asserted(code: CodeType, place: int) -> bool:
    from dis import get_instructions

    rest = [one for one in get_instructions(code) if one.offset >= place]
    names = [one for one in rest if one.opname not in AFTER_A_TEST][:3]
    if len(names) < 3 or names[0].opname not in JUMPS:
        return False
    raises = names[1].opname == "LOAD_ASSERTION_ERROR" or "AssertionError" in str(names[1].argrepr)
    return raises and names[2].opname == "RAISE_VARARGS"
