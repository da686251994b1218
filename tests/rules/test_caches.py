"""pip, uv, Poetry, npm, conda and apt: the fixes in hand, and inodes that are in use."""

from __future__ import annotations

import pytest

from imgdiag.finding import Safety
from imgdiag.rules import (
    apt_archives,
    apt_lists,
    conda_pkgs,
    go_cache,
    npm_cache,
    pip_cache,
    poetry_cache,
    uv_cache,
)
from imgdiag.rules.rule import ExampleLayer, Rule
from tests.made import facts_of, made_facts, only

PIP = "root/.cache/pip/http-v2/a"


@pytest.mark.parametrize(
    ("created_by", "snippet"),
    [
        (
            "RUN /bin/sh -c pip install -r a.txt && pip install b # buildkit",
            (
                "# keep the --mount flags of your own RUN: an image does not record them\n"
                "RUN --mount=type=cache,target=/root/.cache/pip \\\n"
                "    pip install -r a.txt && pip install b"
            ),
        ),
        (
            "RUN /bin/sh -c make",
            "RUN --mount=type=cache,target=/root/.cache/pip \\\n    make",
        ),
        ("COPY /root /root", "# in that stage\nRUN rm -rf \\\n    /root/.cache/pip"),
        ("Imported from -", "FROM <a base without it>"),
        (
            "",
            (
                "# at the end of that RUN, or of the stage that they come from\n"
                "RUN rm -rf \\\n    /root/.cache/pip"
            ),
        ),
    ],
)
def test_pip(created_by: str, snippet: str) -> None:
    assert only(pip_cache.RULE, facts_of({PIP: 5}, created_by)).fix.snippet == snippet


@pytest.mark.parametrize(
    ("created_by", "snippet"),
    [
        (
            "RUN /bin/sh -c uv sync # buildkit",
            (
                "ENV UV_LINK_MODE=copy\n\n"
                "# keep the --mount flags of your own RUN: an image does not record them\n"
                "RUN --mount=type=cache,target=/home/app/.cache/uv \\\n"
                "    uv sync"
            ),
        ),
        ("COPY /home /home", "# in that stage\nRUN rm -rf \\\n    /home/app/.cache/uv"),
    ],
)
def test_uv(created_by: str, snippet: str) -> None:
    facts = facts_of({"home/app/.cache/uv/sdists-v9/a": 5}, created_by)
    assert only(uv_cache.RULE, facts).fix.snippet == snippet


@pytest.mark.parametrize(
    ("rule", "path", "snippet"),
    [
        (
            npm_cache.RULE,
            "root/.npm/_cacache/a",
            "RUN --mount=type=cache,target=/root/.npm/_cacache \\\n    make",
        ),
        (
            poetry_cache.RULE,
            "root/.cache/pypoetry/cache/a",
            "RUN --mount=type=cache,target=/root/.cache/pypoetry/cache \\\n    make",
        ),
        (
            apt_lists.RULE,
            "var/lib/apt/lists/a",
            "RUN make \\\n && rm -rf /var/lib/apt/lists/*",
        ),
        (apt_archives.RULE, "var/cache/apt/archives/a.deb", "RUN make \\\n && apt-get clean"),
    ],
)
def test_other_caches_in_a_run(rule: Rule, path: str, snippet: str) -> None:
    finding = only(rule, facts_of({path: 5}, "RUN make"))
    assert finding.fix.snippet == snippet
    assert finding.safety is Safety.SAFE
    assert only(rule, facts_of({path: 5}, "Imported from -")).fix.snippet != snippet


def test_all_caches_of_a_kind_are_one_finding_and_each_is_mounted_where_it_is_filled() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN pip install a", files={PIP: 5}),
        ExampleLayer(created_by="RUN make", files={"home/a/.cache/pip/b": 7, PIP + "2": 1}),
    )
    finding = only(pip_cache.RULE, facts)
    assert finding.bytes == 13
    assert finding.fix.snippet == (
        "RUN --mount=type=cache,target=/root/.cache/pip \\\n    pip install a\n\n"
        "RUN --mount=type=cache,target=/home/a/.cache/pip \\\n"
        "    --mount=type=cache,target=/root/.cache/pip \\\n    make"
    )


def test_both_of_poetrys_folders_are_mounted() -> None:
    cache = "root/.cache/pypoetry"
    facts = facts_of({f"{cache}/artifacts/a": 9, f"{cache}/cache/b": 2}, "RUN poetry install")
    assert only(poetry_cache.RULE, facts).fix.snippet == (
        f"RUN --mount=type=cache,target=/{cache}/cache \\\n"
        f"    --mount=type=cache,target=/{cache}/artifacts \\\n    poetry install"
    )


def test_a_cache_of_a_run_and_a_copy_is_removed_in_both() -> None:
    facts = made_facts(
        ExampleLayer(created_by="COPY /root /root", files={PIP: 5}),
        ExampleLayer(created_by="RUN make", files={"home/a/.cache/pip/b": 7}),
    )
    assert only(pip_cache.RULE, facts).fix.snippet == (
        "RUN --mount=type=cache,target=/home/a/.cache/pip \\\n    make\n\n"
        "# and in the stage that they are copied from\nRUN rm -rf \\\n    /root/.cache/pip"
    )


def test_inodes_that_the_environment_links_are_not_the_uv_caches() -> None:
    facts = made_facts(
        ExampleLayer(
            created_by="RUN uv sync",
            files={"root/.cache/uv/archive-v0/x/a": 100, "root/.cache/uv/archive-v0/x/b": 30},
            links={"app/a": "root/.cache/uv/archive-v0/x/a", "root/.cache/uv/copy":
                   "root/.cache/uv/archive-v0/x/b"},
        ),
    )  # fmt: skip
    finding = only(uv_cache.RULE, facts)
    assert finding.bytes == 30
    assert len(finding.claim.files) == 1


def test_nothing_is_found_when_all_is_linked() -> None:
    facts = made_facts(
        ExampleLayer(
            created_by="RUN uv sync",
            files={"root/.cache/uv/archive-v0/x/a": 100},
            links={"app/a": "root/.cache/uv/archive-v0/x/a"},
        ),
    )
    assert not list(uv_cache.RULE.run(facts))


def test_an_older_copy_in_another_layer_counts_in_the_layers_alone() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN pip install a", files={PIP: 5}),
        ExampleLayer(created_by="RUN chown -R a /root", files={PIP: 5}, uid=1),
    )
    finding = only(pip_cache.RULE, facts)
    claim = finding.claim
    assert finding.fix.snippet.endswith(
        " pip install a"
    )  # where it is made, not where it is chowned
    assert (claim.layer_bytes, claim.visible_bytes) == (10, 5)
    assert set(claim.layers) == {0, 1}


@pytest.mark.parametrize(
    ("rule", "path", "reader"),
    [
        (uv_cache.RULE, "root/.cache/uv/archive-v0/a", "uvx"),
        (go_cache.RULE, "root/.cache/go-build/a", "go"),
        (npm_cache.RULE, "root/.npm/_cacache/a", "npx"),
    ],
)
def test_what_the_container_starts_with_may_read_its_cache(
    rule: Rule, path: str, reader: str
) -> None:
    layer = ExampleLayer(created_by="RUN make", files={path: 5})
    assert only(rule, made_facts(layer)).safety is Safety.SAFE
    for command in ((reader, "run", "x"), ("sh", "-c", f"exec /usr/bin/{reader} x")):
        finding = only(rule, made_facts(layer, command=command))
        assert finding.safety is Safety.REVIEW
        assert f"{reader}, which the container starts, may read it" in finding.message


@pytest.mark.parametrize(
    ("variable", "files", "found"),
    [
        ({"PIP_CACHE_DIR": "/var/pip"}, {"var/pip/http-v2/a": 5, "var/pip/wheels/b": 2}, 7),
        ({"PIP_CACHE_DIR": "/app"}, {"app/http/a": 5, "app/main.py": 2}, 0),
        ({"PIP_CACHE_DIR": "var/pip"}, {"var/pip/http/a": 5}, 0),
        ({"PIP_CACHE_DIR": "/root/.cache/pip"}, {"root/.cache/pip/http/a": 5}, 5),
    ],
)
def test_a_variable_moves_a_cache(
    variable: dict[str, str], files: dict[str, int], found: int
) -> None:
    facts = made_facts(ExampleLayer(created_by="RUN x", files=files), environment=variable)
    assert sum(each.bytes for each in pip_cache.RULE.run(facts)) == found


def test_a_second_pkgs_folder_of_conda_needs_its_conda_meta() -> None:
    facts = facts_of({"opt/pkgs/a.conda": 5, "opt/conda/pkgs/b.conda": 3,
                      "opt/conda/conda-meta/history": 1}, "RUN conda install b")  # fmt: skip
    finding = only(conda_pkgs.RULE, facts)
    assert finding.bytes == 3
    assert finding.fix.snippet.endswith("&& conda clean --all --force-pkgs-dirs --yes")


LISTS = {"var/lib/apt/lists/a": 9_000_000}


@pytest.mark.parametrize(
    ("later", "snippet"),
    [
        (("pip install a",), "RUN apt-get update \\\n && rm -rf /var/lib/apt/lists/*"),
        (
            ("apt-get update && apt-get install -y a",),
            "RUN apt-get update \\\n && rm -rf /var/lib/apt/lists/*",
        ),
        (
            ("apt-get -qq install a", "make", "apt install b", "x"),
            (
                "RUN apt-get update \\\n && apt-get -qq install a \\\n && make \\\n"
                " && apt install b \\\n && rm -rf /var/lib/apt/lists/*"
            ),
        ),
    ],
)
def test_apts_lists_are_not_removed_before_they_are_used(
    later: tuple[str, ...], snippet: str
) -> None:
    layers = [
        ExampleLayer(created_by=f"RUN {command}", files={f"usr/{index}": 5})
        for index, command in enumerate(later)
    ]
    update = ExampleLayer(created_by="RUN apt-get update", files=LISTS)
    finding = only(apt_lists.RULE, made_facts(update, *layers))
    assert finding.fix.snippet == snippet
