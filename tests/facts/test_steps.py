"""Instructions with what was in force, and RUNs written anew."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from imgdiag.facts.steps import RunEdit, Step, moved, sets_times, steps_of
from imgdiag.image import ImageConfig, parse_config
from imgdiag.project.alignment import align
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.rules.rule import ExampleLayer
from tests.made import made_facts


def made_config(*history: str) -> ImageConfig:
    empty = ("ENV", "USER", "CMD")
    entries = [{"created_by": each, "empty_layer": each.startswith(empty)} for each in history]
    layers = sum(not each["empty_layer"] for each in entries)
    config = {"rootfs": {"diff_ids": ["sha256:0"] * layers}, "history": entries}
    return parse_config(json.dumps(config).encode())


def steps(*history: str) -> dict[int, Step]:
    return steps_of(made_config(*history))


def test_folder_and_user_in_force() -> None:
    found = steps(
        "ADD file:" + "a" * 64 + " in / ",
        "WORKDIR /app",
        "RUN /bin/sh -c make # buildkit",
        "USER app",
        "WORKDIR out",
        "COPY a b # buildkit",
    )
    assert [found[0].is_base, found[0].is_copy] == [True, False]
    assert found[2] == Step(
        instruction="RUN make", working_directory="/app", user="", mounts_unknown=True
    )
    assert found[2].command == "make"
    assert (found[4].working_directory, found[4].user) == ("/app/out", "app")
    assert (found[4].is_copy, found[4].is_base, found[4].command) == (True, False, None)


def test_a_base_image_ends_with_its_cmd() -> None:
    debian = "/bin/sh -c #(nop) ADD file:" + "a" * 64 + " in / "
    found = steps(
        debian,
        'CMD ["bash"]',
        "RUN /bin/sh -c make python # buildkit",
        'CMD ["python3"]',
        "WORKDIR /app",
        "RUN /bin/sh -c pip install . # buildkit",
        'CMD ["gunicorn"]',
    )
    assert [found[layer].is_base for layer in range(4)] == [True, True, False, False]
    assert [found[layer].from_base for layer in range(4)] == [True, True, None, None]


def test_a_dockerfile_may_name_its_command_twice_at_its_end() -> None:
    found = steps("RUN a", 'CMD ["a"]', 'CMD ["b"]', "USER app")
    assert not found[0].is_base


def test_a_command_moves_with_its_folder_and_says_whose_it_was() -> None:
    into = Step(instruction="RUN a", working_directory="/a", user="app")
    of = Step(instruction="RUN rm x", working_directory="/a/out")
    assert moved("rm x", of, into) == (
        "( cd /a/out && rm x )",
        ("this runs as app; what is added ran as root",),
    )
    assert moved("rm x", into, into) == ("rm x", ())


def test_two_edits_of_a_run_are_one() -> None:
    step = Step(instruction="RUN pip install .", mounts_unknown=True)
    mount = RunEdit(layer=3, step=step, mounts=("type=cache,target=/root/.cache/pip",))
    clean = RunEdit(layer=3, step=step, commands=("find . -delete || true", "chown -R a ."))
    assert mount.merged(clean).snippet() == (
        "# keep the --mount flags of your own RUN: an image does not record them\n"
        "RUN --mount=type=cache,target=/root/.cache/pip \\\n"
        "    pip install . \\\n"
        " && ( find . -delete || true ) \\\n"
        " && chown -R a ."
    )
    assert mount.merged(clean).merged(clean) == mount.merged(clean)


def test_a_heredoc_keeps_its_end() -> None:
    step = Step(instruction="RUN <<EOF\nmake\nEOF")
    assert RunEdit(layer=0, step=step, commands=("rm x",)).snippet() == (
        "RUN <<EOF\nmake\nEOF\n# and as the last line inside of it:\nrm x"
    )


DOCKERFILE = """\
FROM base
WORKDIR /app
RUN --mount=type=secret,id=ca \\
    --mount=type=cache,target=/root/.cache/pip \\
    pip install . \\
    # the cache is not in the layer
    && make
COPY --from=build --chown=1:1 /out ./out
RUN ["touch", "x"]
"""


def placed(*history: str) -> dict[int, Step]:
    config = made_config(*history)
    return steps_of(config, align(config, parse_dockerfile(DOCKERFILE)))


def test_a_dockerfile_tells_where_a_step_stands_and_what_the_history_leaves_out() -> None:
    found = placed(
        "ADD file:" + "a" * 64 + " in / ",
        "COPY /lib /lib # buildkit",
        "WORKDIR /app",
        "RUN /bin/sh -c pip install .     && make # buildkit",
        "COPY /out ./out # buildkit",
        "RUN touch x # buildkit",
    )
    assert [found[index].from_base for index in range(6)] == [True, True, *[False] * 4]
    assert [found[index].place for index in range(6)] == [
        *("", "", "Dockerfile:2", "Dockerfile:3", "Dockerfile:8", "Dockerfile:9"),
    ]
    assert (found[1].is_base, found[1].is_copy) == (True, False)
    assert found[4].instruction == "COPY --from=build --chown=1:1 /out ./out"
    assert found[5].instruction == "RUN touch x"
    edit = RunEdit(
        layer=3,
        step=found[3],
        mounts=("type=cache,target=/root/.cache/pip", "type=cache,target=/root/.cache/uv"),
        commands=("rm -rf x",),
    )
    assert edit.snippet() == (
        "RUN --mount=type=secret,id=ca \\\n"
        "    --mount=type=cache,target=/root/.cache/pip \\\n"
        "    --mount=type=cache,target=/root/.cache/uv \\\n"
        "    pip install . \\\n"
        "    && make \\\n"
        " && rm -rf x"
    )


@pytest.mark.parametrize(
    ("base", "in_base"), [("scratch", [False, False]), ("debian", [True, False])]
)
def test_which_layers_came_with_the_base(base: str, in_base: list[bool]) -> None:
    """Without a Dockerfile the lowest layer is taken for the base's; with one it is known."""
    layers = [
        ExampleLayer(created_by="RUN make base", files={"a": 1}),
        ExampleLayer(created_by="COPY app /app # buildkit", files={"b": 1}),
    ]
    facts = made_facts(*layers)
    assert [facts.in_base(layer) for layer in (0, 1)] == [True, False]
    text = {"scratch": "FROM scratch\nRUN make base\nCOPY app /app\n",
            "debian": "FROM debian\nCOPY app /app\n"}[base]  # fmt: skip
    placed = replace(facts, dockerfile=align(facts.config, parse_dockerfile(text)))
    assert [placed.in_base(layer) for layer in (0, 1)] == in_base


def test_a_heredoc_of_the_dockerfile_is_shown_whole() -> None:
    text = "FROM base\nCOPY a b\nRUN <<END\nmake\nEND\n"
    config = made_config("base", "COPY a b # buildkit", "RUN /bin/sh -c make\n # buildkit")
    step = steps_of(config, align(config, parse_dockerfile(text)))[2]
    assert RunEdit(layer=2, step=step, commands=("rm x",)).snippet() == (
        "RUN <<END\nmake\nEND\n# and as the last line inside of it:\nrm x"
    )


@pytest.mark.parametrize("command", ["RUN touch a", "RUN x && touch a", "RUN x;touch a", "touch a"])
def test_touch_sets_times(command: str) -> None:
    assert sets_times(command)


@pytest.mark.parametrize("command", ["RUN untouch a", "RUN cat touchy", "RUN x/touch.sh a"])
def test_other_words_do_not_set_times(command: str) -> None:
    assert not sets_times(command)
