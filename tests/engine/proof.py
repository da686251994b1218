"""A prediction held against the image that is built after the mend, file by file."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

from imgdiag import pipeline, sources
from imgdiag.analysis import Analysis
from imgdiag.capture import CAPTURE
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import File
from imgdiag.finding import Finding, Safety
from imgdiag.layers.walk import read_layer
from imgdiag.prediction import predict
from imgdiag.reports._summary import put_together
from imgdiag.sources.base import Request
from tests.mending import Mend, mended, with_replaced

from .engine import Engine

# Chooses the findings whose mends are applied, of those that the prediction counts.
Choice = Callable[[Finding], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One image before and after its mends; all sizes are `layer_bytes`.

    `brought` is what the prediction counts for files that the mends install, which it cannot
    know one by one. `differences` are the files, by path, whose bytes over all layers are not
    those of the files that were to stay: their predicted and real bytes. They add up to what is
    brought and the error.
    """

    rules: tuple[str, ...]
    before: int
    predicted: int
    brought: int
    after: int
    differences: Mapping[str, tuple[int, int]]

    @property
    def error(self) -> int:
        """Return by how many bytes the image came out larger than predicted."""
        return self.after - self.predicted


@dataclass(frozen=True, slots=True)
class Looked:
    """An image as imgdiag sees it."""

    facts: Facts
    analysis: Analysis


def look(engine: Engine, tag: str) -> Looked:
    """Analyse an image of the engine."""
    with patch.dict(os.environ, engine.env, clear=True):
        image = sources.load(tag, lambda reader: read_layer(reader, CAPTURE), Request())
    facts = pipeline.measure(image)
    return Looked(facts, pipeline.judge(image, facts))


def chosen(looked: Looked, choice: Choice) -> list[Finding]:
    """Return the findings that the prediction counts and `choice` wants, in its order."""
    return [fix.finding for fix in looked.analysis.prediction.fixes if choice(fix.finding)]


def of_rule(*rules: str) -> Choice:
    """Choose the findings of some rules."""
    return lambda finding: finding.rule in rules


def all_safe(finding: Finding) -> bool:
    """Choose every safe finding."""
    return finding.safety is Safety.SAFE


def mended_dockerfile(dockerfile: str, findings: Iterable[Finding]) -> str:
    """Return a Dockerfile with the mends of `findings` that are for it."""
    listed = [finding for finding in findings if finding.fix.target == "Dockerfile"]
    mends = put_together(listed, {finding: finding.bytes for finding in listed})
    return mended(dockerfile, [Mend(each.finding.fix.summary, each.snippet) for each in mends])


def change_project(engine: Engine, tag: str, context: Path, findings: Iterable[Finding]) -> None:
    """Make the changes of `findings` to the project's files, with the tools of the image `tag`."""
    requirements = context / "requirements.txt"
    for finding in findings:
        snippet = finding.fix.snippet
        if finding.fix.target == "requirements-dev.txt":
            moved = snippet.splitlines()
            kept = [each for each in requirements.read_text().splitlines() if each not in moved]
            requirements.write_text("".join(f"{each}\n" for each in kept))
            (context / "requirements-dev.txt").write_text(snippet)
        if finding.fix.target == "requirements.txt":
            requirements.write_text(with_replaced(requirements.read_text(), snippet))
        for line in snippet.splitlines():
            if line.startswith(_FIRST):
                engine.docker(
                    *("run", "--rm", "--network=host", "--env", "UV_NO_SYNC=1"),
                    *("--volume", f"{context}:/project", "--workdir", "/project", tag),
                    *("sh", "-ec", line.removeprefix(_FIRST)),
                )


def prepared(engine: Engine, base_image: str, context: Path) -> str:
    """Return `base_image` as the recipes build on it.

    dpkg does not wait for the disk in it, as in the official images, and it has the certificates
    that an installation may need here.
    """
    (context / "docker-apt-speedup").write_text("force-unsafe-io\n")
    lines = ["ARG BASE", "FROM ${BASE}", "COPY docker-apt-speedup /etc/dpkg/dpkg.cfg.d/"]
    if bundle := os.environ.get("SSL_CERT_FILE"):
        (context / "bundle.crt").write_bytes(Path(bundle).read_bytes())
        names = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        settings = " ".join(f"{name}={_CERTIFICATES}" for name in names)
        lines += [f"COPY bundle.crt {_CERTIFICATES}", f"ENV {settings}"]
    tag = f"{base_image}-prepared"
    build(engine, tag, context, "\n".join(lines) + "\n", base_image)
    return tag


_CACHE_MOUNT = re.compile(r"type=cache,target=([^, ]+)")
_FIRST = "# first: "
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def proof(before: Looked, findings: Iterable[Finding], after: Looked) -> Proof:
    """Return how the prediction for the mends of `findings` fared."""
    listed = list(findings)
    gone: frozenset[File] = frozenset().union(*(finding.claim.files for finding in listed))
    predicted = _contents(before.facts, gone)
    real = _contents(after.facts)
    outcome = predict(before.facts, listed).review
    return Proof(
        rules=tuple(dict.fromkeys(finding.rule for finding in listed)),
        before=before.facts.filesystem.layer_bytes,
        predicted=outcome.layer_bytes,
        brought=sum(file.size for file in gone) - outcome.bytes,
        after=after.facts.filesystem.layer_bytes,
        differences={
            path: (predicted[path], real[path])
            for path in sorted({*predicted, *real})
            if predicted[path] != real[path]
        },
    )


def build(engine: Engine, tag: str, context: Path, dockerfile: str, base: str) -> None:
    """Build an image from a Dockerfile's text. Its cache mounts are its own, and empty.

    What pip finds in a cache it need not build, which leaves less byte-code of the standard
    library behind: another build's cache would make the image another one.
    """
    own = f"type=cache,id={uuid4()}"
    path = context / "Dockerfile"
    path.write_text(_CACHE_MOUNT.sub(rf"{own}-\1,target=\1", dockerfile), encoding="utf-8")
    engine.docker(
        *("build", "--network=host", "--quiet", "--tag", tag, "--build-arg", f"BASE={base}"),
        str(context),
    )


def remove(engine: Engine, *tags: str) -> None:
    """Remove the images that are there of `tags`."""
    for tag in filter(engine.has_image, tags):
        engine.docker("rmi", "--force", tag)


def copied(recipe: Path, context: Path) -> Path:
    """Copy a recipe's files into a folder to build in, and return it."""
    shutil.copytree(recipe, context, ignore=shutil.ignore_patterns("*.Dockerfile"))
    return context


def _contents(facts: Facts, gone: frozenset[File] = frozenset()) -> Counter[str]:
    """Return the bytes of each path over all layers, an inode by the first of its names."""
    names: dict[File, str] = {}
    pairs = [
        *facts.filesystem.files(),
        *((hidden.path, hidden.file) for hidden in facts.filesystem.hidden),
    ]
    for path, file in pairs:
        names[file] = min(path, names.get(file, path))
    sizes: Counter[str] = Counter()
    for file, path in names.items():
        if file not in gone:
            sizes[path] += file.size
    return sizes
