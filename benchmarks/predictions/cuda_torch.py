"""torch for CUDA → torch for a CPU: the prediction, held against the image that is built.

Takes 15 GB of disk in the engine and downloads 3 GB. The result is kept in docs/predictions.json.
Where PyTorch's index of CPU builds cannot be reached, `--cpu-wheels` names a folder with the wheel.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from imgdiag.units import format_bytes
from tests.engine import docker_overlay2, record
from tests.engine.conftest import BASE_TAG, MAKE_BASE
from tests.engine.engine import Engine
from tests.engine.kept import kept_tar
from tests.engine.proof import (
    Proof,
    build,
    change_project,
    chosen,
    copied,
    look,
    of_rule,
    prepared,
    proof,
    remove,
)

RECIPE = Path(__file__).parent / "cuda-torch"
TAGS = ("imgdiag-proof-cuda-torch-before", "imgdiag-proof-cuda-torch-after")


def main(arguments: list[str] | None = None) -> None:
    """Build, compare, tell, and keep the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cpu-wheels", type=Path, help="a folder with torch's wheel for a CPU")
    options = parser.parse_args(arguments)
    with docker_overlay2.running() as engine:
        try:
            row = proven(engine, options.cpu_wheels)
        finally:
            remove(engine, *TAGS)
    where = "a local copy of the wheel" if options.cpu_wheels else "PyTorch's index"
    record.write(
        "large",
        f"Measured on {datetime.now(UTC).date().isoformat()} by `python -m "
        f"benchmarks.predictions.cuda_torch` on linux/amd64: {row.what}; the CPU build from "
        f"{where}.",
        [row],
    )
    print(f"predicted {row.proof.predicted:,}, real {row.proof.after:,}: {row.why}")


def proven(engine: Engine, cpu_wheels: Path | None) -> record.Row:
    """Build both images and return how the prediction fared."""
    with tempfile.TemporaryDirectory() as scratch:
        context = copied(RECIPE, Path(scratch) / "context")
        base = Path(scratch) / "base"
        base.mkdir()
        if not engine.has_image(BASE_TAG):
            engine.docker("import", "-m", "base", str(kept_tar("base", MAKE_BASE)), BASE_TAG)
        image = prepared(engine, BASE_TAG, base)
        dockerfile = (RECIPE / "before.Dockerfile").read_text(encoding="utf-8")
        build(engine, TAGS[0], context, dockerfile, image)
        before = look(engine, TAGS[0])
        findings = chosen(before, of_rule("cuda-torch"))
        change_project(engine, TAGS[0], context, findings)
        with served(cpu_wheels, context / "requirements.txt"):
            build(engine, TAGS[1], context, dockerfile, image)
        after = look(engine, TAGS[1])
    result = proof(before, findings, after)
    (torch,) = before.facts.torches
    (cpu,) = after.facts.torches
    found = by_folder(result.differences)
    largest = sorted(found.items(), key=lambda item: -abs(item[1][1] - item[1][0]))[:4]
    names = ", ".join(
        f"{folder} {format_bytes(sizes[0])} → {format_bytes(sizes[1])}" for folder, sizes in largest
    )
    own = before.facts.claims.paths(torch.gpu_libraries).layer_bytes
    gone = torch.distribution.bytes - cpu.distribution.bytes
    return record.Row(
        what=f"torch {torch.version} → {cpu.version}",
        recipe=str(RECIPE.relative_to(record.ROOT)),
        why="the GPU packages went to the byte; what differs is torch itself, which became "
        f"{format_bytes(gone)} smaller, though its own GPU libraries have {format_bytes(own)}: "
        f"{names}. The prediction counts {format_bytes(findings[0].replacement_bytes)} for the "
        "CPU build's own files. That was measured by this run in the first place, so it proves "
        "the rest; for other versions of torch it is an estimate, and reports say so.",
        proof=Proof(
            rules=result.rules,
            before=result.before,
            predicted=result.predicted,
            brought=result.brought,
            after=result.after,
            differences=found,
        ),
    )


@contextmanager
def served(wheels: Path | None, requirements: Path) -> Iterator[None]:
    """Serve a folder of wheels in place of the index that a requirements file names."""
    if wheels is None:
        yield
        return
    handler = partial(Quiet, directory=str(wheels))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        link = f"--find-links http://127.0.0.1:{server.server_port}/"
        lines = requirements.read_text(encoding="utf-8").splitlines()
        lines = [link if line.startswith("--extra-index-url") else line for line in lines]
        requirements.write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


def by_folder(differences: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Return the differences summed up by folder, two levels below site-packages."""
    predicted: Counter[str] = Counter()
    real: Counter[str] = Counter()
    for path, sizes in differences.items():
        folder, _, name = path.rpartition("/")
        inside = folder.rpartition("/site-packages/")[2].split("/")
        key = "/".join(inside[:2]) if "/site-packages/" in path else name
        predicted[key] += sizes[0]
        real[key] += sizes[1]
    return {key: (predicted[key], real[key]) for key in sorted({*predicted, *real})}


if __name__ == "__main__":
    main(sys.argv[1:])
