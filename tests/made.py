"""Small images in memory, made from the layers that the rules' examples are made from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from imgdiag.analysis import Analysis
from imgdiag.capture import CAPTURE, CAPTURE_IMPORTS
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Filesystem, merge
from imgdiag.finding import Finding
from imgdiag.image import parse_config
from imgdiag.layers.walk import Capture, Entry, Kind, Layer, split
from imgdiag.pipeline import examine
from imgdiag.rules._example import _layer, example_facts
from imgdiag.rules.rule import Example, ExampleLayer, Rule
from imgdiag.sources import SourceImage, SourceLayer

SITE = "app/.venv/lib/python3.11/site-packages"


def made_layer(
    files: Mapping[str, int | str],
    *,
    created_by: str = "RUN x",
    deletes: tuple[str, ...] = (),
    links: Mapping[str, str] | None = None,
    symlinks: Mapping[str, str] | None = None,
    directories: Sequence[str] = (),
    capture: Capture = CAPTURE,
) -> Layer:
    """Return a layer; `links` are hard links, and both kinds go from name to target."""
    example = ExampleLayer(created_by=created_by, files=files, deletes=deletes, links=links or {})
    layer = _layer(example, capture)
    pairs = [(path, Kind.SYMLINK, target) for path, target in (symlinks or {}).items()]
    pairs += [(path, Kind.DIRECTORY, "") for path in directories]
    # Links to folders come first, so that what lies under them can be placed.
    entries = [Entry(*split(path), kind, 0, (0o755, 0, 0), 1, target, None)
               for path, kind, target in pairs]  # fmt: skip
    return replace(layer, entries=[*entries, *layer.entries])


def made_filesystem(*layers: Layer | None) -> Filesystem:
    """Return the merged image of `layers`, oldest first."""
    return merge(layers)


def made_facts(
    *layers: ExampleLayer,
    environment: Mapping[str, str] | None = None,
    command: tuple[str, ...] = (),
    working_directory: str = "",
) -> Facts:
    """Return the facts of an image for linux/amd64, its layers oldest first."""
    facts = example_facts(
        Example(what="", layers=layers, finds=(), environment=environment or {}, command=command)
    )
    return replace(facts, config=replace(facts.config, working_directory=working_directory))


def facts_of(files: Mapping[str, int | str], created_by: str = "RUN x") -> Facts:
    """Return the facts of an image with one layer."""
    return made_facts(ExampleLayer(created_by=created_by, files=files))


def made_checked(
    files: Mapping[str, int | str],
    *,
    symlinks: Mapping[str, str] | None = None,
    command: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Facts:
    """Return the facts of an image with one layer, its Python sources read."""
    settings = {
        "Cmd": list(command),
        "Env": [f"{name}={value}" for name, value in (environment or {}).items()],
    }
    config = {"os": "linux", "architecture": "amd64", "config": settings}
    return Facts(
        config=parse_config(json.dumps(config).encode()),
        filesystem=merge([made_layer(files, symlinks=symlinks, capture=CAPTURE_IMPORTS)]),
        sources_read=True,
    )


def only(rule: Rule, facts: Facts) -> Finding:
    """Return the one finding of `rule`, and fail when there are more or none."""
    [finding] = rule.run(facts)
    assert finding.rule == rule.name
    return finding


def distribution(
    name: str,
    files: Mapping[str, int | str] | None = None,
    *,
    version: str = "1.0",
    requires: Sequence[str] = (),
    site: str = SITE,
    installer: str = "",
    record: str | None = None,
) -> dict[str, int | str]:
    """Return an installed distribution's files, the RECORD that names them among them."""
    files = files or {}
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    lines = [f"{path},," for path in files]
    lines += [f"{info}/METADATA,,", f"{info}/RECORD,,"]
    result: dict[str, int | str] = {f"{site}/{path}": size for path, size in files.items()}
    metadata = [f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {each}" for each in requires]
    result[f"{site}/{info}/METADATA"] = "\n".join(metadata) + "\n"
    result[f"{site}/{info}/RECORD"] = "\n".join(lines) + "\n" if record is None else record
    if installer:
        result[f"{site}/{info}/INSTALLER"] = f"{installer}\n"
    return result


def made_image(
    *layers: ExampleLayer,
    reference: str = "registry.example/app:1.0",
    problems: Mapping[int, str] | None = None,
    environment: Mapping[str, str] | None = None,
    command: Sequence[str] = (),
    compressed: bool = True,
    warnings: tuple[str, ...] = (),
) -> SourceImage[Layer]:
    """Return an image as a source would; `problems` names layers that could not be read."""
    problems = problems or {}
    diff_ids = [f"sha256:{index:064x}" for index in range(len(layers))]
    config = json.dumps(
        {
            "created": "2026-11-01T12:00:00Z",
            "os": "linux",
            "architecture": "amd64",
            "config": {
                "Env": [f"{name}={value}" for name, value in (environment or {}).items()],
                "Cmd": list(command),
            },
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [
                {"created": "2026-11-01T12:00:00Z", "created_by": layer.created_by}
                for layer in layers
            ],
        }
    ).encode()
    return SourceImage(
        reference=reference,
        source="oci-archive",
        route="file",
        config=parse_config(config),
        config_data=config,
        layers=tuple(
            SourceLayer(
                diff_id=diff_ids[index],
                digest=f"sha256:{index + 100:064x}",
                transfer_bytes=1_000_000 * (index + 1) if compressed else None,
                content=None if index in problems else _layer(layer),
                problem=problems.get(index, ""),
            )
            for index, layer in enumerate(layers)
        ),
        warnings=warnings,
    )


def analysed(*layers: ExampleLayer, **options: object) -> Analysis:
    """Return the analysis of `made_image`, whose numbers have been held to add up."""
    return examine(made_image(*layers, **options))  # type: ignore[arg-type]
