"""context-junk: COPY of a folder that holds what no image should have."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from imgdiag.finding import ERROR_BYTES, WARNING_BYTES, Fix, Severity
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.context import ContextFile
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed
from imgdiag.units import format_bytes

# Folders that are never a service's own, by name.
_JUNK = frozenset(
    (".git", ".hg", ".hypothesis", ".idea", ".ipynb_checkpoints", ".mypy_cache", ".nox",
     ".pytest_cache", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pycache__",
     "htmlcov", "node_modules", "venv", "wandb", "mlruns")
)  # fmt: skip
# What a service may read, and often does not.
_DATA = frozenset(("artifacts", "checkpoints", "data", "datasets", "logs", "models", "weights"))
_DATA_FILES = (
    ".bin", ".ckpt", ".csv", ".gguf", ".h5", ".npy", ".npz", ".onnx", ".parquet", ".pt", ".pth",
    ".safetensors",
)  # fmt: skip
_LARGE = 10_000_000  # bytes, of what is taken for data by its name
_SECRETS = frozenset((".env", ".netrc", ".pypirc", "id_rsa", "id_ed25519"))


@dataclass(frozen=True, slots=True)
class _Group:
    """Files that one pattern leaves out."""

    pattern: str
    bytes: int
    certain: bool


def _check(project: Project) -> Iterator[ProjectFinding]:
    for placed in project.built:
        folders = list(_copied_folders(placed))
        if not folders:
            continue
        files = [
            file
            for file in project.context
            if any(not folder or file.path.startswith(f"{folder}/") for folder in folders)
        ]
        groups = list(_groups(files))
        if groups:
            yield _finding(project, placed, groups)
            return  # one .dockerignore mends every COPY


def _finding(project: Project, placed: Placed, groups: list[_Group]) -> ProjectFinding:
    size = sum(group.bytes for group in groups)
    largest = ", ".join(f"{group.pattern} {format_bytes(group.bytes)}" for group in groups[:4])
    more = f" and {len(groups) - 4} more" if len(groups) > 4 else ""
    where = "no .dockerignore"
    if project.ignore_file is not None:
        where = f"{project.ignore_file.name} lets them pass"
    lines = [group.pattern for group in groups if group.certain]
    maybe = [f"# if the service does not read it: {g.pattern}" for g in groups if not g.certain]
    secret = any(group.pattern.rpartition("/")[2] in _SECRETS for group in groups)
    severity = Severity.NOTE
    if size >= ERROR_BYTES or secret:
        severity = Severity.ERROR
    elif size >= WARNING_BYTES:
        severity = Severity.WARNING
    copy = f"{placed.instruction.word} {placed.instruction.rest}"
    return CHECK.at(
        project,
        placed.instruction.line,
        f"'{copy}' takes {format_bytes(size)} that an image rarely needs: {largest}{more}; {where}",
        Fix(
            "Leave them out of the build",
            project.ignore_file.name if project.ignore_file else ".dockerignore",
            "\n".join([*lines, *maybe]),
        ),
        severity=severity,
        end_line=placed.instruction.end_line,
    )


def _copied_folders(placed: Placed) -> Iterator[str]:
    """Yield the folders of the context that an instruction copies, "" for the context itself."""
    instruction = placed.instruction
    if instruction.word not in ("COPY", "ADD") or instruction.flag("from"):
        return
    for source in instruction.arguments[:-1]:
        path = posixpath.normpath(source.lstrip("/") or ".")
        if "://" not in source and not source.startswith("<<") and "*" not in source:
            yield "" if path == "." else path


def _groups(files: Iterable[ContextFile]) -> Iterator[_Group]:
    """Yield what should be left out, the most bytes first."""
    sizes: dict[tuple[str, bool], int] = defaultdict(int)
    for file in files:
        if (found := _pattern(file)) is not None:
            sizes[found] += file.bytes
    for (pattern, certain), size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        if certain or size >= _LARGE:  # a folder called models may hold code
            yield _Group(pattern, size, certain)


def _pattern(file: ContextFile) -> tuple[str, bool] | None:
    """Return the pattern that leaves a file out, and whether that is certain to be right."""
    *folders, name = file.path.split("/")
    for index, folder in enumerate(folders):
        if folder in _JUNK or folder.endswith(".egg-info"):
            path = folder if index == 0 else f"**/{folder}"
            return path if not folder.endswith(".egg-info") else "**/*.egg-info", True
    if name in _SECRETS:
        return (name if not folders else f"**/{name}"), True
    if folders and folders[0] in _DATA:
        return folders[0], False
    if file.bytes >= _LARGE and name.endswith(_DATA_FILES):
        return f"**/*{posixpath.splitext(name)[1]}", False
    return None


CHECK = Check(
    name="context-junk",
    title="`COPY . .` of a folder that holds more than the service",
    why="Without a .dockerignore, `COPY . .` takes the repository's history, the developer's own "
    "environment, caches and data sets along. Sizes are measured: every file of the build "
    "context that .dockerignore lets pass.",
    fix="A .dockerignore with `.git`, `.venv`, `**/__pycache__` and what else the service does "
    "not read; or `COPY` of the folders that it needs.",
    ignore_when="The service reads what is named.",
    check=_check,
    examples=(
        dockerfile_example(
            "a repository, an environment and data",
            "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n",
            3,
            files={
                ".git/objects/pack/a.pack": 200_000_000,
                ".venv/lib/big.so": 900_000_000,
                "data/train.csv": 50_000_000,
                "src/__pycache__/main.cpython-311.pyc": 2_000,
                "src/main.py": "",
            },
        ),
        dockerfile_example(
            "a pattern that misses the folder below",
            "FROM python:3.11-slim\nCOPY src /src\n",
            2,
            files={".dockerignore": "node_modules\n", "src/web/node_modules/a.js": 3_000_000},
        ),
        dockerfile_example(
            "left out, or not copied",
            "FROM python:3.11-slim\nCOPY . /app\nCOPY --from=build . /tools\n",
            files={
                ".dockerignore": ".git\n.venv\n**/__pycache__\n*.env\n!docs.env\n",
                ".git/objects/a": 5_000_000,
                "src/__pycache__/a.pyc": 5_000_000,
                "src/model.py": 100,
            },
        ),
    ),
)
