"""What an image says about itself: its config, its history, its platform.

Source: OCI image-spec 1.1, config.md; Docker Image Specification v1.2.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from imgdiag import jsontext
from imgdiag.errors import CorruptImage
from imgdiag.text import cut


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system, a processor and its variant, as in `linux/arm64/v8`."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def matches(self, wanted: Platform) -> bool:
        """Tell whether this platform is what `wanted` asks for; no variant asks for any.

        arm64 is v8 whether it says so or not, as in containerd's platforms package.
        """
        plain = _IMPLIED.get(self.architecture, "")
        return (self.os, self.architecture) == (wanted.os, wanted.architecture) and (
            not wanted.variant or wanted.variant == (self.variant or plain)
        )


MAX_HISTORY = 10_000  # entries; a hundred times as many as any builder makes
MAX_INSTRUCTION = 16_384  # characters that are looked at: patterns take the square of them
_IMPLIED = {"arm64": "v8", "arm": "v7"}  # variants that go without saying


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One instruction, as its builder recorded it, cut where it is very long.

    `layer` is the index of what it made.
    """

    created: str | None
    created_by: str
    layer: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """The parts of the config that an analysis reads; `history` is oldest first."""

    id: str  # sha256:…, the digest of the config itself
    created: str | None
    platform: Platform
    diff_ids: tuple[str, ...]
    history: tuple[HistoryEntry, ...]
    environment: Mapping[str, str]
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    user: str
    working_directory: str
    labels: Mapping[str, str]
    warnings: tuple[str, ...]

    def created_by(self, layer: int) -> str:
        """Return the instruction that made a layer, "" when the history does not say."""
        return next((entry.created_by for entry in self.history if entry.layer == layer), "")


def parse_config(data: bytes) -> ImageConfig:
    """Parse an image's config. Raises CorruptImage when it is not one."""
    what = "the image's config"
    top = jsontext.parse_object(data, what)
    settings = jsontext.get(top, "config", dict, {}, what)
    diff_ids = jsontext.get_strings(
        jsontext.get(top, "rootfs", dict, {}, what), "diff_ids", f"rootfs in {what}"
    )
    history, warnings = _align(jsontext.get(top, "history", list, [], what), len(diff_ids))
    variables = (
        text.partition("=") for text in jsontext.get_strings(settings, "Env", f"config in {what}")
    )
    labels = jsontext.get(settings, "Labels", dict, {}, f"config in {what}")
    return ImageConfig(
        id=f"sha256:{hashlib.sha256(data).hexdigest()}",
        created=jsontext.get(top, "created", str, "", what) or None,
        platform=Platform(
            jsontext.get(top, "os", str, "", what),
            jsontext.get(top, "architecture", str, "", what),
            jsontext.get(top, "variant", str, "", what),
        ),
        diff_ids=diff_ids,
        history=history,
        environment={name: value for name, _, value in variables},
        entrypoint=_command(settings, "Entrypoint", what),
        command=_command(settings, "Cmd", what),
        user=jsontext.get(settings, "User", str, "", what),
        working_directory=jsontext.get(settings, "WorkingDir", str, "", what),
        labels={str(name): str(value) for name, value in labels.items()},
        warnings=warnings,
    )


def _command(settings: dict[str, object], key: str, what: str) -> tuple[str, ...]:
    value = settings.get(key)
    if isinstance(value, str):  # images of old builders hold one string
        return (value,)
    return jsontext.get_strings(settings, key, f"config in {what}")


def _align(entries: list[object], layers: int) -> tuple[tuple[HistoryEntry, ...], tuple[str, ...]]:
    """Give each entry that is not marked empty the next layer.

    The mark decides, never the size: `RUN true` makes a real layer of nothing with BuildKit.
    """
    if len(entries) > MAX_HISTORY:
        raise CorruptImage(
            f"a history of {len(entries):,} entries; at most {MAX_HISTORY:,} are read"
        )
    result: list[HistoryEntry] = []
    given = left_over = 0
    for number, entry in enumerate(entries):
        what = f"history entry {number} of the image's config"
        layer = None
        if not jsontext.get(entry, "empty_layer", bool, False, what):
            if given < layers:
                layer = given
                given += 1
            else:
                left_over += 1
        text = jsontext.get(entry, "created_by", str, "", what)
        text = text or jsontext.get(entry, "comment", str, "", what)
        result.append(
            HistoryEntry(
                created=jsontext.get(entry, "created", str, "", what) or None,
                created_by=cut(text, MAX_INSTRUCTION),
                layer=layer,
            )
        )
    warnings = []
    if left_over:
        warnings.append(f"the history has {left_over} more instructions than there are layers")
    if given < layers:
        warnings.append(f"the history does not say what made {layers - given} of {layers} layers")
    return tuple(result), tuple(warnings)


_BUILD_ARGUMENTS = re.compile(r"^\|(\d{1,6}) ", re.ASCII)  # more can be no number of arguments


def instruction(created_by: str) -> str:
    """Return `created_by` as it stood in the Dockerfile, as far as the builder kept it.

    Strips what the classic builder (`/bin/sh -c #(nop)  ENV …`) and BuildKit
    (`RUN /bin/sh -c … # buildkit`) add, build arguments' values included.
    """
    text = created_by.strip().removesuffix("# buildkit").strip()
    had_run = text.startswith("RUN ")
    nop = text.find("#(nop)")
    if nop >= 0 and not had_run:
        return text[nop + len("#(nop)") :].strip()
    text = text.removeprefix("RUN ")
    if match := _BUILD_ARGUMENTS.match(text):
        text = _without_arguments(text[match.end() :], int(match.group(1)))
        had_run = True
    if text.startswith("/bin/sh -c "):
        return f"RUN {text.removeprefix('/bin/sh -c ').strip()}"
    return f"RUN {text}" if had_run else text


def _without_arguments(text: str, count: int) -> str:
    """Drop `count` build arguments, whose values may hold blanks, in front of the command."""
    shell = text.find("/bin/sh -c ")
    if shell >= 0:
        return text[shell:]
    return text.split(" ", count)[-1]
