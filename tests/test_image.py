"""The config: history given to layers, and instructions as they stood in the Dockerfile."""

from __future__ import annotations

from typing import Any

import pytest

from imgdiag.errors import CorruptImage
from imgdiag.image import HistoryEntry, ImageConfig, Platform, instruction, parse_config
from tests import builder
from tests.builder import image, json_bytes, sha256

IDS = [sha256(bytes([number])) for number in range(3)]


def config(
    history: object, layers: int = 2, settings: object = None, **more: object
) -> ImageConfig:
    top = {"rootfs": {"diff_ids": IDS[:layers]}, "history": history, "config": settings, **more}
    return parse_config(json_bytes(top))


def aligned(history: object, layers: int = 2) -> tuple[list[int | None], tuple[str, ...]]:
    parsed = config(history, layers)
    return [entry.layer for entry in parsed.history], parsed.warnings


def test_a_config_as_a_whole() -> None:
    data = json_bytes(
        {
            "architecture": "arm64",
            "variant": "v8",
            "os": "linux",
            "created": "2024-01-01T00:00:00Z",
            "rootfs": {"type": "layers", "diff_ids": IDS[:1]},
            "history": [
                {"created": "2023-01-01T00:00:00Z", "created_by": "COPY . . # buildkit"},
                {"created_by": "ENV A=1", "empty_layer": True},
            ],
            "config": {
                "Env": ["PATH=/bin:/usr/bin", "A=b=c", "EMPTY=", "ALONE"],
                "Entrypoint": ["/entry"],
                "Cmd": ["run", "--fast"],
                "User": "app",
                "WorkingDir": "/app",
                "Labels": {"a": "b", "number": 1},
            },
        }
    )
    assert parse_config(data) == ImageConfig(
        id=sha256(data),
        created="2024-01-01T00:00:00Z",
        platform=Platform("linux", "arm64", "v8"),
        diff_ids=(IDS[0],),
        history=(
            HistoryEntry(created="2023-01-01T00:00:00Z", created_by="COPY . . # buildkit", layer=0),
            HistoryEntry(created=None, created_by="ENV A=1", layer=None),
        ),
        environment={"PATH": "/bin:/usr/bin", "A": "b=c", "EMPTY": "", "ALONE": ""},
        entrypoint=("/entry",),
        command=("run", "--fast"),
        user="app",
        working_directory="/app",
        labels={"a": "b", "number": "1"},
        warnings=(),
    )


def test_an_empty_config_is_one() -> None:
    parsed = parse_config(b"{}")
    assert (parsed.diff_ids, parsed.history, parsed.platform) == ((), (), Platform("", ""))


def test_commands_of_old_builders_hold_one_string() -> None:
    parsed = config([], 0, {"Cmd": "run it", "Entrypoint": None})
    assert (parsed.command, parsed.entrypoint) == (("run it",), ())


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("history", {}, "'history' in the image's config is an object"),
        ("history", [1], "history entry 0 of the image's config is a number, not an object"),
        (
            "history",
            [{"empty_layer": "yes"}],
            "'empty_layer' in history entry 0 of the image's config is a string",
        ),
        ("rootfs", {"diff_ids": [1]}, "'diff_ids' in rootfs in the image's config holds a number"),
        ("config", [], "'config' in the image's config is a list"),
        ("config", {"Env": [None]}, "'Env' in config in the image's config holds null"),
        ("config", {"Cmd": 1}, "'Cmd' in config in the image's config is a number"),
        ("os", 1, "'os' in the image's config is a number"),
    ],
)
def test_another_type_is_an_error(field: str, value: Any, message: str) -> None:
    with pytest.raises(CorruptImage) as caught:
        parse_config(json_bytes({field: value}))
    assert str(caught.value) == message


# History


EMPTY, REAL = {"empty_layer": True}, {"created_by": "RUN x"}


def test_22_a_real_layer_of_nothing_keeps_the_alignment() -> None:
    made = image(
        builder.tar(),
        builder.tar(builder.file("a", 1)),
        created_by=["RUN true", "RUN make a"],
    )
    parsed = parse_config(made.config)
    assert [parsed.created_by(layer) for layer in (0, 1, 2)] == ["RUN true", "RUN make a", ""]


def test_22_only_the_mark_says_that_there_is_no_layer() -> None:
    assert aligned([EMPTY, REAL, EMPTY, {**REAL, "empty_layer": False}, EMPTY]) == (
        [None, 0, None, 1, None],
        (),
    )


@pytest.mark.parametrize("history", [None, []])
def test_21_no_history(history: object) -> None:
    assert aligned(history) == ([], ("the history does not say what made 2 of 2 layers",))


def test_21_a_short_history() -> None:
    assert aligned([REAL, EMPTY]) == (
        [0, None],
        ("the history does not say what made 1 of 2 layers",),
    )


def test_21_a_long_history() -> None:
    assert aligned([REAL, REAL, REAL, REAL, EMPTY]) == (
        [0, 1, None, None, None],
        ("the history has 2 more instructions than there are layers",),
    )


def test_a_comment_stands_in_for_an_absent_instruction() -> None:
    parsed = config([{"comment": "imported from -"}, {"created_by": "RUN x", "comment": "y"}])
    assert [entry.created_by for entry in parsed.history] == ["imported from -", "RUN x"]


# Instructions


@pytest.mark.parametrize(
    ("created_by", "written"),
    [
        ("", ""),
        ("/bin/sh -c #(nop)  ENV A=1", "ENV A=1"),
        ('/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'),
        ("/bin/sh -c #(nop) COPY file:0123 in ./ ", "COPY file:0123 in ./"),
        ("/bin/sh -c #(nop) ADD file:0123 in / ", "ADD file:0123 in /"),
        ("/bin/bash -o pipefail -c #(nop) WORKDIR /app", "WORKDIR /app"),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("|1 VERSION=1.0 /bin/sh -c make", "RUN make"),
        ("|2 A=two words B= /bin/sh -c make all", "RUN make all"),
        ("|0 /bin/sh -c make", "RUN make"),
        ("RUN /bin/sh -c make # buildkit", "RUN make"),
        ("RUN |1 K=V /bin/sh -c make # buildkit", "RUN make"),
        ("RUN |2 A=two words B=x /bin/sh -c make # buildkit", "RUN make"),
        ("RUN /bin/bash -c make # buildkit", "RUN /bin/bash -c make"),
        ("RUN |1 K=V ls -l # buildkit", "RUN ls -l"),
        (f"|{'4' * 5_000} A=1 make", f"|{'4' * 5_000} A=1 make"),
        ("COPY a b ./ # buildkit", "COPY a b ./"),
        ("COPY --chown=app:app a ./ # buildkit", "COPY --chown=app:app a ./"),
        ("ADD https://example.org/a / # buildkit", "ADD https://example.org/a /"),
        ("ENV A=1", "ENV A=1"),
        ("EXPOSE map[80/tcp:{}]", "EXPOSE map[80/tcp:{}]"),
        ('CMD ["python"]', 'CMD ["python"]'),
        ("RUN make", "RUN make"),
        ("RUN /bin/sh -c a   &&     b # buildkit", "RUN a   &&     b"),
        ("RUN /bin/sh -c cat <<EOF\nhello\nEOF # buildkit", "RUN cat <<EOF\nhello\nEOF"),
        ("RUN /bin/sh -c echo '#(nop) no' # buildkit", "RUN echo '#(nop) no'"),
        ("bazel build ...", "bazel build ..."),
        ("apko", "apko"),
    ],
)
def test_an_instruction_as_it_was_written(created_by: str, written: str) -> None:
    assert instruction(created_by) == written


@pytest.mark.parametrize(
    ("platform", "wanted", "fits"),
    [
        (Platform("linux", "arm64", "v8"), Platform("linux", "arm64"), True),
        (Platform("linux", "arm64", "v8"), Platform("linux", "arm64", "v8"), True),
        (Platform("linux", "arm", "v7"), Platform("linux", "arm", "v6"), False),
        (Platform("linux", "amd64"), Platform("windows", "amd64"), False),
        (Platform("linux", "amd64"), Platform("linux", "arm64"), False),
    ],
)
def test_platforms(platform: Platform, wanted: Platform, fits: bool) -> None:
    assert platform.matches(wanted) is fits
    assert str(Platform("linux", "arm", "v7")) == "linux/arm/v7"


@pytest.mark.parametrize(
    ("own", "wanted", "fits"),
    [
        ("linux/arm64", "linux/arm64", True),
        ("linux/arm64", "linux/arm64/v8", True),
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/arm/v6", "linux/arm/v7", False),
        ("linux/arm", "linux/arm/v7", True),
        ("linux/amd64", "linux/arm64", False),
        ("windows/amd64", "linux/amd64", False),
    ],
)
def test_a_variant_that_goes_without_saying(own: str, wanted: str, fits: bool) -> None:
    assert Platform(*own.split("/")).matches(Platform(*wanted.split("/"))) is fits
