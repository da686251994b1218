"""Finding references by their bytes: fast, of any version's syntax, and rather too many.

What is read here may be half a gigabyte, so each expression begins with a literal or a small set,
which Python's `re` skips to, and none can go back and forth: every repetition is possessive.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence

from imgdiag.python.imports.names import CONFTEST, NAMES, WORDS
from imgdiag.python.imports.references import MAX_LINE, How, Reference
from imgdiag.text import shortened

_SPACE = rb"[ \t\f\\\r\n]"
_GAP = rb"(?:[ \t\f]|\\\r?\n)*+"  # what may stand between the words of one line
_DOTTED = rb"(?:\w++" + _GAP + rb"\." + _GAP + rb")*+\w*+"
# What stands after `import`: names in parentheses with comments among them, or to the end of the
# statement, a backslash joining the next line.
_NAMES = rb"(\((?:[\w\s,.*\\]++|\#[^\n]*+)*+|(?:[^\n\\;]++|\\[\s\S])*+)"
_IMPORT = re.compile(rb"import\b" + _SPACE + rb"*+" + _NAMES)
_FROM = re.compile(rb"from" + _SPACE + rb"*+(?:\." + _GAP + rb")*+(" + _DOTTED + rb")")
_STATEMENT = re.compile(
    rb"(?m)(^|[;:])([ \t\f]*+)(?:from(?:" + _SPACE + rb"++|(?=\.))((?:\." + _GAP + rb")*+)"
    rb"((?:(?!import\b)" + _DOTTED + rb")?)" + _SPACE + rb"*+)?import\b" + _SPACE + rb"*+" + _NAMES
)
_RELATIVE = re.compile(rb"from[ \t\f\\\r\n]*+\.")
_MODULE = re.compile(rb"-m[ \t]++(" + _DOTTED + rb")")
_WORD = re.compile(rf"\b(?:{WORDS}|{CONFTEST})\b".encode())
_QUOTED = re.compile(rf"""["'./\\}}]{WORDS}(?=["'./\\{{])""".encode())
_MENTION = re.compile(rf"[./]{WORDS}(?![\w-])".encode())
_ASKS = re.compile(rb"__(?:file|path)__|\bfiles\(|resource|get_data|find_spec|getfile")
_JOINED = re.compile(rb"""["']([\w./-]++)["'][ \t\r\n]*+[,/][ \t\r\n]*+["']\Z""")
_RUN = 400  # bytes around a name that are looked at for the quotes of its string
_QUOTES = (b'"', b"'")
_ENDS = bytes.maketrans(b"\"' \t\r\f\v", b"\n" * 7)
_UNTOKEN = re.compile(rb"[^\w./-]")
_COMMENT = re.compile(rb"#[^\n]*")

_NAME = rf"(?<![\w-]){WORDS}(?![\w-])"
_NAMED = re.compile(_NAME)
_TOKEN = re.compile(r"[\w./\\-]+")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z]|\{[^{}]*\}")
_COMMAND = re.compile(rf"(?:(?<![\w-])-m|\bimport|\bfrom)\s+(\w[\w.]*\.{_NAME}[\w.]*)")


def may_refer(data: bytes) -> bool:
    """Tell whether a source may have a reference; False is certain."""
    return (
        any(_WORD.search(match[1]) for match in _FROM.finditer(data))
        or any(_WORD.search(match[1]) for match in _IMPORT.finditer(data))
        or any(True for _ in _quoted(data))
        or any(_WORD.search(match[1]) for match in _MODULE.finditer(data))
    )


def imports_relatively(data: bytes) -> bool:
    """Tell whether a source may have a relative import."""
    return _RELATIVE.search(data) is not None


def _quoted(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield where strings without blanks have a name in them, and those strings.

    Blanks in the braces of an f-string hide where it begins or ends: then the braces will do.
    A string comes once, however many names are in it.
    """
    after = 0
    for match in _QUOTED.finditer(data):
        start, end = match.start() + 1, match.end()
        if start < after:
            continue
        left = data[max(start - _RUN, 0) : start].translate(_ENDS).rpartition(b"\n")[2]
        right = data[end : end + _RUN].translate(_ENDS).partition(b"\n")[0]
        before, after = start - len(left) - 1, end + len(right)
        opened = data[max(before, 0) : before + 1] in _QUOTES or b"}" in left or len(left) == _RUN
        closed = data[after : after + 1] in _QUOTES or b"{" in right or len(right) == _RUN
        run = left + data[start:end] + right
        if opened and closed and b"://" not in run:
            yield start, run


def references(data: bytes, *, unparsed: bool) -> Iterator[Reference]:
    """Yield the references of a source by its bytes alone, what only looks like one among them.

    An import that starts its line happens whenever the module is imported; of an indented one
    nothing is known. `unparsed` is for a source that should have been parsed: then nothing is.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = _Lines(data)
    modules: set[str] = set()
    for match in _STATEMENT.finditer(data):
        dots, module = match[3], _text(match[4] or b"")
        names = imported_names(match[5])
        how = How.DEFERRED if match[1] or match[2] else How.IMPORTED
        line, text = lines.at(match.start(5))
        level = dots.count(b".") if dots is not None else None
        yield from import_references(
            line, How.UNPARSED if unparsed else how, level, module, names, text
        )
        modules.update(names if level is None else (module,) if not level else ())
    # Whose folder is asked for is not known by bytes: it may be that of any module it imports.
    asked = tuple(sorted(modules)) if unparsed and _ASKS.search(data) else ()
    lines = _Lines(data)
    for start, run in _quoted(data):
        line, text = lines.at(start)
        for token in tokens(run.decode("utf-8", "replace")):
            yield Reference(line, How.NAMED, 0, token, asked, text)
            before = _JOINED.search(data, max(start - _RUN, 0), start)
            if before and token in NAMES:
                joined = f"{_text(before[1])}/{token}"
                yield Reference(line, How.NAMED, 0, joined, asked, text)


def texts(data: bytes) -> Iterator[Reference]:
    """Yield what a text that is no Python names: a path, or the module of a command."""
    lines = _Lines(data)
    for match in _MENTION.finditer(data):
        run = data[max(match.start() - _RUN, 0) : match.end() + _RUN]
        at = match.start() - max(match.start() - _RUN, 0)
        left = _UNTOKEN.split(run[:at])[-1]
        right = _UNTOKEN.split(run[at:], maxsplit=1)[0]
        line, text = lines.at(match.start())
        token = (left + right).decode("ascii", "replace")
        yield Reference(line, How.NAMED, 0, token, (), text)


def import_references(
    line: int, how: How, level: int | None, module: str, names: Sequence[str], text: str
) -> Iterator[Reference]:
    """Yield what an import statement refers to; `level` is None for one without `from`.

    Left out is what cannot reach a folder in question: an absolute import without its name.
    """
    if level is None:
        for name in names:
            if has_name(name.split(".")):
                yield Reference(line, how, 0, name, (), text)
    elif level or has_name([*module.split("."), *names]):
        yield Reference(line, how, level, module, tuple(names), text)


def has_name(parts: Iterable[str]) -> bool:
    """Tell whether one of the names is among `parts`."""
    return any(part in NAMES or part == CONFTEST for part in parts)


def imported_names(text: bytes) -> list[str]:
    """Return the names after `import`, without what they are called here."""
    plain = _COMMENT.sub(b"", text).replace(b"\\", b" ").strip(b" \t\r\n\f();")
    words = (each.split() for each in plain.partition(b";")[0].split(b","))
    return [_text(word[0]) for word in words if word]


def tokens(value: str) -> Iterator[str]:
    """Yield the paths and dotted names in a string that have one of the names as a part.

    In a string with blanks, which most often is prose, only a module after `-m` or `import`.
    """
    if not _NAMED.search(value):
        return
    if re.search(r"\s", value):
        for match in _COMMAND.finditer(value):
            yield match[1]
        return
    if "://" in value:
        return
    for match in _TOKEN.finditer(_PLACEHOLDER.sub("\0", value)):
        parts = re.split(r"[./\\]+", match[0])
        # A lone word is a folder's name when it is all of the string, not when it is part of an
        # expression such as "(training|test)".
        if not NAMES.isdisjoint(parts) and (len(parts) > 1 or match[0] == value):
            yield match[0]


def line_text(line: bytes) -> str:
    """Return a line as evidence: in one line, and not too long."""
    return shortened(line.decode("utf-8", "replace"), MAX_LINE)


def _text(data: bytes) -> str:
    return re.sub(r"[\s\\]+", "", data.decode("utf-8", "replace"))


class _Lines:
    """Line numbers for offsets that only grow, so that each byte is counted once."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._line = 1
        self._at = 0

    def at(self, offset: int) -> tuple[int, str]:
        """Return the number and the text of the line at `offset`."""
        if offset < self._at:
            self._line, self._at = 1, 0
        self._line += self._data.count(b"\n", self._at, offset)
        self._at = offset
        start = self._data.rfind(b"\n", max(offset - 4 * MAX_LINE, 0), offset) + 1
        end = self._data.find(b"\n", offset, offset + 4 * MAX_LINE)
        stop = end if end >= 0 else offset + 4 * MAX_LINE
        return self._line, line_text(self._data[max(start, offset - 4 * MAX_LINE) : stop])
