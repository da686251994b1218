"""hf-download-leftovers: what downloading from the Hugging Face hub leaves behind."""

from collections.abc import Iterator
from functools import partial

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory
from imgdiag.finding import Finding, Safety
from imgdiag.rules._caches import folders
from imgdiag.rules._hidden import visible
from imgdiag.rules._huggingface import repositories, unlinked_blobs
from imgdiag.rules._shell import removal_in
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic


def _check(facts: Facts) -> Iterator[Finding]:
    chunks = list(folders(facts, "huggingface/xet"))
    if home := facts.config.environment.get("HF_HOME", "").strip("/"):
        path = f"{home}/xet"
        if isinstance(facts.filesystem.find(path), Directory):
            chunks.append(path)
    blobs = [path for each in repositories(facts) for path in unlinked_blobs(each)]
    what = " and ".join(
        ["chunks that were put together long ago"] * bool(chunks)
        + [f"{len(blobs)} blobs that no snapshot links to"] * bool(blobs)
    )
    yield from visible_findings(
        facts,
        RULE.name,
        [*chunks, *blobs],
        message=lambda claim: (
            f"{visible(claim)} in the Hugging Face cache, such as /{claim.largest(1)[0][0]}: {what}"
        ),
        fix=partial(removal_in, facts, where="downloads"),
        safety=Safety.SAFE,
    )


_CACHE = "root/.cache/huggingface"

RULE = Rule(
    name="hf-download-leftovers",
    topic=Topic.CACHES,
    title="Leftovers of downloads from the Hugging Face hub",
    why="The hub's client keeps a cache of chunks (`~/.cache/huggingface/xet`) beside the files "
    "that it puts together from them, and blobs of broken downloads and earlier revisions. "
    "Libraries read files through the snapshots alone.",
    fix="`rm -rf ~/.cache/huggingface/xet` in the `RUN` that downloads, or "
    "`HF_XET_CHUNK_CACHE_SIZE_BYTES=0`.",
    ignore_when="The container downloads more from the same repositories and should be faster.",
    check=_check,
    examples=(
        Example(
            what="a cache of chunks, and a download that broke off",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c hf download bert-base-cased",
                    files={
                        f"{_CACHE}/xet/chunk-cache/a": 7_000_000,
                        f"{_CACHE}/hub/models--bert/blobs/5d12ab.incomplete": 2_000_000,
                        f"{_CACHE}/hub/models--bert/snapshots/cd5e/config.json": 600,
                    },
                ),
            ),
            finds=(9_000_000,),
        ),
        Example(
            what="files in a snapshot",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c hf download bert-base-cased",
                    files={f"{_CACHE}/hub/models--bert/snapshots/cd5e/config.json": 600},
                ),
            ),
            finds=(),
        ),
    ),
)
