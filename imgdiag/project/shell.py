"""The commands of a RUN: a shell's text taken apart as far as it takes to know what is run.

This is no shell: variables stay as they are written, substitutions are not looked into. What it
must get right is where a command begins and ends, and what follows from its failing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

_OPERATORS = ("&&", "||", "|&", ";;", ";", "|", "&", "\n", "(", ")")
_KEYWORDS = frozenset(
    (
        "!",
        "do",
        "done",
        "elif",
        "else",
        "esac",
        "fi",
        "if",
        "then",
        "time",
        "until",
        "while",
        "{",
        "}",
    )
)
_WRAPPERS = frozenset(("command", "env", "exec", "nice", "nohup", "sudo"))
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_]\w*)\+?=(?P<value>.*)", re.DOTALL)
_REDIRECTION = re.compile(r"(?:\d*|&)(?:>>|>\||>&|<<-|<<<|<<|<&|<>|>|<)")
_NESTED = 3  # how deep `bash -c "bash -c …"` is looked into


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A simple command. `words` are without quotes, keywords, assignments and wrappers.

    `start` and `end` are its offsets in the text, without the blanks around it. `before` is the
    operator in front of it and `depth` the number of parentheses and braces around it;
    `operator_depth` is that around the operator.
    `outputs` are the files that it is redirected to, `redirections` all of them as they would be
    written. `keywords` are those that it stands behind, such as `if`.
    """

    words: tuple[str, ...]
    start: int
    end: int
    before: str
    depth: int
    operator_depth: int
    assignments: tuple[tuple[str, str], ...] = ()
    outputs: tuple[str, ...] = ()
    redirections: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the program's name without its folder, "" for none."""
        return self.words[0].rpartition("/")[2] if self.words else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the words after the program's name that are no options."""
        return tuple(word for word in self.words[1:] if not word.startswith("-"))

    def has(self, *options: str) -> bool:
        """Tell whether one of `options` is given, alone or with `=` and a value.

        An option of one letter is also found among others: `-rf` has `-r`.
        """
        for option in options:
            for word in self.words[1:]:
                if word == option or word.startswith(f"{option}="):
                    return True
                if len(option) == 2 and re.match(rf"-[A-Za-z]*{option[1]}[A-Za-z]*$", word):
                    return True
        return False

    def value(self, option: str) -> str | None:
        """Return what follows an option, as `-o FILE`, `--out FILE` or `--out=FILE`."""
        for index, word in enumerate(self.words):
            if word == option:
                return "".join(self.words[index + 1 : index + 2])
            if option.startswith("--") and word.startswith(f"{option}="):
                return word[len(option) + 1 :]
        return None


def commands_of(text: str) -> tuple[Command, ...]:
    """Return the commands of a shell's text, in order; those of `sh -c "…"` in its place."""
    return _with_inner(_simple_commands(text))


def commands_started(words: tuple[str, ...]) -> tuple[Command, ...]:
    """Return the command that is started without a shell, or those of `sh -c "…"`."""
    return _with_inner([Command(words=words, start=0, end=0, before="", depth=0, operator_depth=0)])


def is_shell(name: str) -> bool:
    """Tell whether a program's name is that of a shell."""
    return re.fullmatch(r"(ba|da|a|z|k)?sh", name) is not None


def _with_inner(commands: Iterable[Command]) -> tuple[Command, ...]:
    for _ in range(_NESTED):
        commands = [inner for command in commands for inner in _inside(command)]
    return tuple(commands)


def _inside(command: Command) -> Iterator[Command]:
    """Yield what a shell that is called with a script runs, else the command itself."""
    if is_shell(command.name):
        for option, script in zip(command.words[1:], command.words[2:], strict=False):
            if re.fullmatch(r"-[a-z]*c", option):
                first = True
                for inner in _simple_commands(script):
                    yield replace(
                        inner,
                        start=command.start,
                        end=command.end,
                        before=command.before if first else inner.before,
                        operator_depth=command.operator_depth
                        if first
                        else command.depth + 1 + inner.operator_depth,
                        depth=command.depth + 1 + inner.depth,
                    )
                    first = False
                return
    yield command


def _simple_commands(text: str) -> Iterator[Command]:
    words: list[tuple[str, int, bool]] = []
    before, depth, operator_depth = "", 0, 0
    for piece, start, plain in [*_pieces(text), (";", len(text), True)]:
        if not plain or piece not in _OPERATORS:
            words.append((piece, start, plain))
            continue
        if words:
            braces = sum(word == "{" for word, _, plain in words[:1] if plain)
            depth += braces
            end = len(text[:start].rstrip())
            yield _command(words, end, before, depth, operator_depth)
            depth -= sum(word == "}" for word, _, plain in words[:1] if plain)
            words = []
            operator_depth = max(depth, 0)
            before = "" if piece in "()" else piece
        elif piece not in "()":
            before, operator_depth = piece, max(depth, 0)
        depth = max(depth + (piece == "(") - (piece == ")"), 0)


def _command(
    words: list[tuple[str, int, bool]], end: int, before: str, depth: int, operator_depth: int
) -> Command:
    start = words[0][1]
    keywords: list[str] = []
    assignments: list[tuple[str, str]] = []
    outputs: list[str] = []
    redirections: list[str] = []
    rest: list[str] = []
    position = 0
    while position < len(words):
        word, _, plain = words[position]
        position += 1
        if plain and (match := _REDIRECTION.match(word)) is not None:
            target = word[match.end() :]
            if not target and position < len(words):
                target = words[position][0]
                position += 1
            redirections.append(match[0] + target)
            if ">" in match[0] and not match[0].endswith("&"):
                outputs.append(target)
        elif not rest and plain and word in _KEYWORDS:
            keywords.append(word)
        elif not rest and (assigned := _ASSIGNMENT.fullmatch(word)) is not None:
            assignments.append((assigned["name"], assigned["value"]))
        elif not rest and word in _WRAPPERS:
            while position < len(words) and words[position][0].startswith("-"):
                position += 1
        else:
            rest.append(word)
    return Command(
        words=tuple(rest),
        start=start,
        end=end,
        before=before,
        depth=depth,
        operator_depth=operator_depth,
        assignments=tuple(assignments),
        outputs=tuple(outputs),
        redirections=tuple(redirections),
        keywords=tuple(keywords),
    )


def _pieces(text: str) -> Iterator[tuple[str, int, bool]]:
    """Yield words without their quotes, and operators: text, offset, whether nothing was quoted."""
    word, start, plain = "", -1, True
    position = 0
    while position < len(text):
        letter = text[position]
        if letter == "#" and start < 0:
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
            continue
        operator = _operator_at(text, position) if word[-1:] != ">" else ""
        if operator or letter.isspace():
            if start >= 0:
                yield word, start, plain
                word, start, plain = "", -1, True
            if operator:
                yield operator, position, True
            position += len(operator) or 1
            continue
        if text.startswith("\\\n", position):
            position += 2
            continue
        start = position if start < 0 else start
        if letter == "\\":
            word += text[position + 1 : position + 2]
            plain = False
            position += 2
        elif letter in "'\"":
            end = _quote_end(text, position)
            inner = text[position + 1 : end]
            word += inner if letter == "'" else re.sub(r'\\(["\\$`])', r"\1", inner)
            plain = False
            position = end + 1
        elif letter == "`" or text.startswith("$(", position):
            end = _substitution_end(text, position)
            word += text[position:end]
            position = end
        else:
            if letter in "<>" and word and not re.fullmatch(r"\d*|&|.*[<>]", word):
                yield word, start, plain
                word, start, plain = "", position, True
            word += letter
            position += 1
    if start >= 0:
        yield word, start, plain


def _operator_at(text: str, position: int) -> str:
    if text.startswith("&>", position):
        return ""
    return next((each for each in _OPERATORS if text.startswith(each, position)), "")


def _quote_end(text: str, position: int) -> int:
    """Return where the quote that begins here ends; an open one takes the rest."""
    quote = text[position]
    position += 1
    while position < len(text) and text[position] != quote:
        position += 2 if text[position] == "\\" and quote == '"' else 1
    return min(position, len(text))


def _substitution_end(text: str, position: int) -> int:
    """Return the offset after the `$(…)` or `` `…` `` that begins here."""
    if text[position] == "`":
        end = text.find("`", position + 1)
        return len(text) if end < 0 else end + 1
    depth = 0
    while position < len(text):
        letter = text[position]
        if letter in "'\"":
            position = _quote_end(text, position)
        depth += (letter == "(") - (letter == ")")
        position += 2 if letter == "\\" else 1
        if letter == ")" and depth == 0:
            break
    return min(position, len(text))
