"""The snippets of a Markdown page: found, run in the page's order as a reader would, and held against what it shows.

- `python` with `>>>`: an interactive session; without: a script. One namespace for the whole page.
- `console`: lines behind `$ ` are commands, run here: `modelcost ...`, and `echo $?`.
  Behind `# only: ` it is said with what the parts of the output begin that are shown, of those between empty lines.
- any block with a `:caption:` is a file of that name in the reader's folder.
- `sh` is for installing, which continuous integration does; `text` is not code.

Behind its language a block may name a package that it needs, such as pandas: it is left out where that is not there.
One that needs keras is run by the tests with Keras alone. `...` stands for whatever comes there.
"""

from __future__ import annotations

import doctest
import io
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from modelcost.cli import main

FENCE = re.compile(r"^(?P<fence>`{3,})(?P<language>\{?[\w-]*\}?) *(?P<rest>.*)$")
RUN = ("python", "console")
LEFT = ("sh", "text")  # what no test runs
DIRECTIVES = ("{code-block}", "{literalinclude}")
SAME = doctest.ELLIPSIS | doctest.DONT_ACCEPT_TRUE_FOR_1


class Terminal(io.StringIO):
    """What a reader looks at."""

    def isatty(self) -> bool:
        return True


class Snippet:
    """A block of code: its language, the file that it is if it is one, its lines, and where in the page they start."""

    def __init__(self, language: str, words: list[str], caption: str, start: int, lines: list[str]) -> None:
        self.language, self.caption, self.start, self.lines = language, caption, start, lines
        self.needs = words

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


def snippets(text: str) -> list[Snippet]:
    """The blocks of code of a page, in order."""
    found, lines = [], iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        opened = FENCE.match(line)
        if opened is None:
            continue
        body = []
        for _, inner in lines:
            if inner.rstrip() == opened["fence"]:
                break
            body.append(inner)
        else:
            raise AssertionError(f"line {number}: a block that does not end")
        if opened["language"].startswith("{") and opened["language"] not in DIRECTIVES:
            continue  # a directive that is not code, such as a note
        found.append(_snippet(opened, number, body))
    return found


def _snippet(opened: re.Match[str], number: int, body: list[str]) -> Snippet:
    words = opened["rest"].split()
    language = opened["language"]
    if language in DIRECTIVES:
        language, *words = words
    options: dict[str, str] = {}
    while body and (option := re.match(r"^:([\w-]+): *(.*)$", body[0])):
        options[option[1]] = option[2]
        body, number = body[1:], number + 1
    return Snippet(language, words, options.get("caption", ""), number + 1, body)


class Page:
    """A page whose snippets are run in `folder`; `wrong` says where it shows something else than what comes out."""

    def __init__(self, path: Path, folder: Path, keras: bool = False) -> None:
        self.path, self.folder, self.keras = path, folder, keras
        self.text = path.read_text(encoding="utf-8")
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.status = 0
        self.wrong: list[str] = []
        self.changes: list[tuple[int, int, list[str]]] = []

    def run(self) -> None:
        """Run all that can be run."""
        for snippet in snippets(self.text):
            if not all(self.keras if name == "keras" else find_spec(name) for name in snippet.needs):
                continue
            if snippet.caption:
                (self.folder / snippet.caption).write_text(snippet.text, encoding="utf-8")
            elif snippet.language == "console":
                self._console(snippet)
            elif snippet.language == "python" and ">>>" in snippet.text:
                self._session(snippet)
            elif snippet.language == "python":
                exec(compile(snippet.text, f"{self.path.name}, line {snippet.start}", "exec"), self.names)

    def mended(self) -> str:
        """The page with what really comes out in the place of what it shows."""
        lines = self.text.split("\n")
        for first, last, shown in sorted(self.changes, reverse=True):
            lines[first - 1 : last] = shown
        return "\n".join(lines)

    def _held(self, line: int, source: str, shown: list[str], got: str) -> None:
        """What is shown from `line` on, against what came out."""
        want = "".join(f"{one}\n" for one in shown)
        if not doctest.OutputChecker().check_output(want, got, SAME):
            self.wrong.append(f"{self.path.name}, line {line}: {source}\nshown:\n{want}came out:\n{got}")
            self.changes.append((line, line + len(shown) - 1, got.rstrip("\n").split("\n") if got else []))

    def _console(self, snippet: Snippet) -> None:
        at = [i for i, line in enumerate(snippet.lines) if line.startswith("$ ")]
        assert at, f"{self.path.name}, line {snippet.start}: a console without a command"
        for i, end in zip(at, [*at[1:], len(snippet.lines)], strict=True):
            command, shown = snippet.lines[i][2:], snippet.lines[i + 1 : end]
            self._held(snippet.start + i + 1, command, shown, self.command(command))

    def command(self, line: str) -> str:
        """What a command of a reader prints."""
        if line == "echo $?":
            return f"{self.status}\n"
        ran, _, only = line.partition("# only: ")
        name, *words = shlex.split(ran)
        assert name == "modelcost", f"{self.path.name}: no test can run {line!r}"
        printed, complained = Terminal(), io.StringIO()
        with redirect_stdout(printed), redirect_stderr(complained):
            try:
                self.status = main(words)
            except SystemExit as end:
                self.status = int(end.code or 0)
        said = printed.getvalue() + (complained.getvalue() if self.status else "")  # else it says how far it is
        lines = [one.rstrip() for one in said.rstrip("\n").splitlines()]
        return "".join(f"{one}\n" for one in (chosen(lines, only.split(", ")) if only else lines))

    def _session(self, snippet: Snippet) -> None:
        test = doctest.DocTestParser().get_doctest(snippet.text, self.names, self.path.name, str(self.path), 0)
        runner = _Runner(self, snippet)
        runner.run(test, clear_globs=False)
        self.names.update(test.globs)


def shortened(got: str) -> str:
    """A traceback without its middle, as pages show it; anything else as it is."""
    first, *rest = got.split("\n")
    if not first.startswith("Traceback"):
        return got
    message = next(i for i, line in enumerate(rest) if not line.startswith(" "))
    return "\n".join([first, "    ...", *rest[message:]])


def chosen(lines: list[str], beginnings: list[str]) -> list[str]:
    """Of what stands between empty lines, that which begins so."""
    blocks = "\n".join(lines).split("\n\n")
    found = [block for block in blocks if block.lstrip().startswith(tuple(beginnings))]
    for word in beginnings:
        assert any(block.lstrip().startswith(word) for block in found), f"nothing begins with {word}"
    return "\n\n".join(found).split("\n")


class _Runner(doctest.DocTestRunner):
    """Runs a session, and tells the page what came out otherwise than shown."""

    def __init__(self, page: Page, snippet: Snippet) -> None:
        super().__init__(verbose=False, optionflags=SAME)
        self.page, self.snippet = page, snippet

    def report_start(self, out: Any, test: Any, example: Any) -> None:
        pass

    def report_failure(self, out: Any, test: Any, example: Any, got: str) -> None:
        line = self.snippet.start + example.lineno + example.source.count("\n")
        self.page._held(line, example.source.strip(), example.want.splitlines(), shortened(got))

    def report_unexpected_exception(self, out: Any, test: Any, example: Any, exc_info: Any) -> None:
        line = self.snippet.start + example.lineno
        self.page.wrong.append(f"{self.page.path.name}, line {line}: {example.source.strip()}\n{exc_info[1]!r}")
