"""What the image's own Python says of its torch, beside what its files said.

The only part of imgdiag that runs an image's own code on purpose; see `imgdiag.scanner.live`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from imgdiag import sources
from imgdiag.errors import ImgdiagError
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import merge
from imgdiag.python.environments import WITHOUT_INTERPRETER, Environment
from imgdiag.python.torch import Torch
from imgdiag.scanner import live
from imgdiag.sources import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a Python of the image said. Without torch, `version` is empty and `problem` says why."""

    python: str  # the program that was asked
    version: str
    cuda: str | None
    hip: str | None
    is_available: bool | None
    file: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One torch. `static` is None where the files show none and a Python imports one."""

    environment: str
    static: Torch | None
    answer: Answer
    disagreements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All checks of one image; none when it holds no torch. `note` says what was not asked."""

    reference: str
    image_id: str
    checks: tuple[Check, ...]
    note: str = ""

    @property
    def agreed(self) -> bool:
        """Tell whether no check found a disagreement."""
        return not any(check.disagreements for check in self.checks)


def verify_torch(reference: str, request: Request, sandbox: live.Sandbox) -> Verification:
    """Ask each environment with torch in it, by its own Python. Raises ImgdiagError.

    Where the files show no torch, the Python on the image's PATH is asked whether it imports one.
    """
    with live.live_image(reference) as image:
        source = sources.load_layers(reference, request)
        facts = Facts(
            config=source.config,
            filesystem=merge([each.content for each in source.layers], limits=source.limits),
        )
        checks = [_check(image, torch, sandbox) for torch in facts.torches]
        note = ""
        if not checks:
            checks, note = _check_absence(image, sandbox)
        return Verification(
            reference=source.reference, image_id=source.config.id, checks=tuple(checks), note=note
        )


def _check(image: live.LiveImage, torch: Torch, sandbox: live.Sandbox) -> Check:
    environment = torch.distribution.environment
    answer = _ask(image, environment, sandbox)
    return Check(
        environment=environment.path,
        static=torch,
        answer=answer,
        disagreements=tuple(compare(torch, answer)),
    )


def _check_absence(image: live.LiveImage, sandbox: live.Sandbox) -> tuple[list[Check], str]:
    try:
        answer = _ask(image, None, sandbox)
    except ImgdiagError as error:
        return [], f"No Python of the image was asked: {error.message}"
    if not answer.version and answer.problem == _MISSING:
        return [], ""
    what = f"torch {answer.version}" if answer.version else f"a torch ({answer.problem})"
    return [
        Check(
            environment="",
            static=None,
            answer=answer,
            disagreements=(
                f"no torch is installed by the files' account, and {answer.python} imports {what}",
            ),
        )
    ], ""


def compare(torch: Torch, answer: Answer) -> Iterator[str]:
    """Yield each disagreement in a sentence. What the files left open is none."""
    if not answer.version:
        yield f"torch {torch.version} is installed, and does not import: {answer.problem}"
        return
    if answer.version != torch.version:
        yield f"the version is {torch.version} by the files, {answer.version} when imported"
    if torch.variant == "cuda" and answer.cuda is None:
        yield "it is a CUDA build by the files, and has no CUDA when imported"
    elif torch.variant == "cuda" and torch.toolkit and torch.toolkit != answer.cuda:
        yield f"its CUDA is {torch.toolkit} by the files, {answer.cuda} when imported"
    elif torch.variant in ("cpu", "rocm", "xpu") and answer.cuda is not None:
        yield f"it is a {torch.variant} build by the files, with CUDA {answer.cuda} when imported"
    if torch.variant == "rocm" and answer.hip is None:
        yield "it is a ROCm build by the files, and has no HIP when imported"
    if torch.variant == "cpu" and answer.is_available:
        yield "it is a CPU build by the files, and has a GPU when imported"


_MISSING = "there is no module torch"

_SCRIPT = """
import json, sys
found = {"version": "", "cuda": None, "hip": None, "available": None, "file": "", "problem": ""}
try:
    import torch
    found["version"] = str(torch.__version__)
    found["file"] = str(getattr(torch, "__file__", "") or "")
    for name in ("cuda", "hip"):
        value = getattr(getattr(torch, "version", None), name, None)
        found[name] = None if value is None else str(value)
    found["available"] = bool(torch.cuda.is_available())
except Exception as error:
    missing = isinstance(error, ImportError) and getattr(error, "name", "") == "torch"
    missing = missing and type(error).__name__ == "ModuleNotFoundError"
    if not found["version"]:
        found["problem"] = "" if missing else type(error).__name__ + ": " + str(error)[:500]
    found["missing"] = missing
sys.stdout.write("\\n" + sys.argv[1] + json.dumps(found) + "\\n")
sys.stdout.flush()
"""


def _ask(image: live.LiveImage, environment: Environment | None, sandbox: live.Sandbox) -> Answer:
    """Ask the first Python that starts. Raises ImgdiagError when none does, or it fails."""
    if environment and environment.kind in WITHOUT_INTERPRETER:
        # No interpreter belongs to such a folder: whoever uses it names it in PYTHONPATH.
        sandbox = replace(
            sandbox, environment={**sandbox.environment, "PYTHONPATH": f"/{environment.path}"}
        )
    reasons: list[str] = []
    for program in interpreters(environment):
        # torch may print on its own; a word that it cannot know of marks the answer.
        mark = secrets.token_hex(16)
        try:
            output = live.run(image, [program, "-B", "-c", _SCRIPT, mark], sandbox)
        except live.CannotStart as error:
            reasons.append(error.message)
            continue
        _, found, line = output.stdout.rpartition(f"\n{mark}".encode())
        if not found:
            raise ImgdiagError(
                f"{program} of the image ended before it answered ({output.complaint})",
                hint=_ENDED.get(output.exit_code, "Try 'import torch' in the image yourself"),
            )
        return _answer(program, line.partition(b"\n")[0])
    raise ImgdiagError(
        f"no Python of the image could be run ({'; '.join(reasons)})",
        hint="Install torch into an environment with its interpreter, or rely on "
        "'imgdiag analyze', which needs none",
    )


_ENDED = {
    132: "This processor lacks what the build needs; run it on the kind that it is made for",
    137: "It was killed, most likely for want of memory; give the engine more",
}


def interpreters(environment: Environment | None) -> list[str]:
    """Return the programs to try for an environment, the surest first; without one, by PATH."""
    if environment is None or environment.kind in WITHOUT_INTERPRETER:
        return ["python3", "python"]
    folder = f"/{environment.prefix}/bin" if environment.prefix else "/bin"
    names = ["python3", "python"]
    if environment.python_version:
        names.insert(0, f"python{environment.python_version}")
    return [f"{folder}/{name}" for name in names]


def _answer(program: str, line: bytes) -> Answer:
    try:
        found: Any = json.loads(line)
        missing = bool(found.get("missing"))
        available = found["available"]
        return Answer(
            python=program,
            version=str(found["version"]),
            cuda=None if found["cuda"] is None else str(found["cuda"]),
            hip=None if found["hip"] is None else str(found["hip"]),
            is_available=None if available is None else bool(available),
            file=str(found["file"]),
            problem=_MISSING if missing else str(found["problem"]),
        )
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ImgdiagError(f"{program} of the image gave an answer that is none") from error
