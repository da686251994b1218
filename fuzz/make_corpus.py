"""Write the corpus anew: small inputs of every shape that each target knows."""

from __future__ import annotations

import json
from pathlib import Path

from imgdiag.project.checks import all_checks
from imgdiag.rules import all_rules
from tests import builder
from tests.builder import (
    device,
    docker,
    docker_legacy,
    file,
    folder,
    gnu_long_name,
    gnu_sparse,
    hard_link,
    header,
    image,
    json_bytes,
    kaniko,
    oci,
    opaque,
    padded,
    pax,
    symlink,
    whiteout,
)

CORPUS = Path(__file__).parent / "corpus"
_SITE = "app/.venv/lib/python3.11/site-packages"
_SOURCE = b"""import x.tests
from . import docs
if a:
    f = __import__("x.examples")
try:
    import tests
except ImportError:
    open(os.path.join(__file__, f"{n}/tests"))
"""
_ID = "sha256:" + "0" * 63


def main() -> None:
    """Write every input."""
    layer = builder.tar(
        folder("app"),
        file("app/requirements.txt", b"torch\n"),
        symlink("app/link", "requirements.txt"),
        hard_link("app/same", "app/requirements.txt"),
        device("dev/null"),
    )
    odd = builder.tar(
        pax(path="app/long", mtime="1.5", size=3) + header(b"app/l", size=0) + padded(b"abc"),
        gnu_long_name("app/" + "n" * 120) + header(b"app/n"),
        gnu_sparse("app/hole", b"x" * 10, real_size=9_000, extensions=1),
        pax(GNU_sparse_major=1, GNU_sparse_name="app/s", GNU_sparse_realsize=700) + header(b"s"),
        whiteout("app/gone"),
        opaque("etc"),
    )
    made = image(layer, [whiteout("app/link"), file("new", b"x")])
    _write("tar", {"plain": layer, "odd": odd, "empty": b""})
    _write(
        "compression",
        {
            "gzip": builder.gzipped(layer),
            "members": builder.gzipped_in_members(layer),
            "zstd": builder.zstd(layer),
            "skippable": builder.zstd_with_skippable_frames(layer),
            "junk": builder.gzipped(b"abc") + b"junk",
        },
    )
    _write(
        "archive",
        {
            "docker": builder.tar(*docker(made)),
            "legacy": builder.tar(*docker_legacy(made)),
            "oci": builder.tar(*oci(made)),
            "kaniko": builder.gzipped(builder.tar(*kaniko(made))),
        },
    )
    _write("manifests", _manifests())
    _write(
        "config", {"config": made.config, "null": b'{"history": null, "rootfs": {}}', **_configs()}
    )
    _write("image", _images())
    _write("python", {"imports": _SOURCE, "deep": b"(" * 300 + b"tests" + b")" * 300})
    for check in all_checks():
        for number, example in enumerate(check.examples):
            texts = {path: text for path, text in example.files.items() if isinstance(text, str)}
            name = f"{check.name}-{number}"
            if set(texts) == {"Dockerfile"} and number == 0:
                _write("dockerfile", {name: texts["Dockerfile"].encode()})
            elif number == 0:
                parts = (f"%%% {path}\n{text}" for path, text in texts.items())
                _write("files", {name: "\n".join(parts).encode()})


def _configs() -> dict[str, bytes]:
    settings = {
        "Env": ["PATH=/bin", "A", "B="],
        "Cmd": "one string",
        "Entrypoint": ["tini", "--"],
        "Labels": {"a": "b", "n": None},
        "User": "1000:1000",
        "WorkingDir": "/app",
    }
    created_by = (
        '/bin/sh -c #(nop)  CMD ["x"]',
        "|2 A=1 B=two words /bin/sh -c make",
        "|1 A=1 make",
        "RUN |1 A=1 /bin/sh -c make # buildkit",
        "",
    )
    history = [{"created_by": each, "empty_layer": not each} for each in created_by]
    rootfs = {"diff_ids": [_ID + "1"]}
    return {
        "settings": json_bytes({"os": "linux", "variant": "v7", "config": settings}),
        "history": json_bytes({"history": [*history, {"comment": "x"}], "rootfs": rootfs}),
        "short": json_bytes({"history": [], "rootfs": rootfs}),
    }


def _manifests() -> dict[str, bytes]:
    config = {"rootfs": {"diff_ids": [_ID + "1"]}, "os": "linux", "architecture": "amd64"}
    docker_entry = {"Config": "c.json", "RepoTags": ["app:1"], "Layers": ["l.tar"]}
    platform = {"os": "linux", "architecture": "amd64"}
    index = {"manifests": [{"digest": _ID + "2", "platform": platform}]}
    manifest = {"config": {"digest": _ID + "3"}, "layers": [{"digest": _ID + "4", "size": 1}]}
    blob = "blobs/sha256/" + "0" * 63
    return {
        "docker": _parts(
            {"manifest.json": [docker_entry], "c.json": config, "l.tar": 1, "index.json": index}
        ),
        "oci": _parts(
            {
                "index.json": index,
                f"{blob}2": manifest,
                f"{blob}3": config,
                f"{blob}4": 1,
            }
        ),
        "nested": _parts({"index.json": index, f"{blob}2": index}),
        "dir": _parts({"manifest.json": manifest, "0" * 63 + "3": config}),
    }


def _images() -> dict[str, bytes]:
    inputs = {}
    for rule in all_rules():
        for number, example in enumerate(rule.examples[:1]):
            parts = [json.dumps({"Cmd": list(example.command)})]
            for layer in example.layers:
                parts.append(f"=== {' '.join(layer.created_by.split())}")
                parts += [f"%%% !{path}" for path in layer.deletes]
                for path, what in layer.files.items():
                    text = what if isinstance(what, str) else "x" * min(what, 20)
                    parts.append(f"%%% {path}\n{text}")
                parts += [f"%%% {path} => {target}" for path, target in layer.links.items()]
            text = "\n".join(parts)
            if len(text) < 4_000:
                inputs[f"{rule.name}-{number}"] = text.encode()
    files = {
        "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
        "var/lib/dpkg/status": "Package: a\nStatus: install ok installed\nVersion: 1\n",
        "var/lib/dpkg/info/a.list": "/.\n/usr\n/usr/bin/a\n",
        "lib/apk/db/installed": "P:b\nV:1\nF:usr/bin\nR:b\n",
        "opt/conda/conda-meta/c-1-0.json": '{"name": "c", "version": "1", "files": ["bin/c"]}',
        f"{_SITE}/x-1.dist-info/METADATA": "Name: x\nVersion: 1\nRequires-Dist: y[z]>=1; extra "
        "== 'all'\n\n",
        f"{_SITE}/x-1.dist-info/RECORD": "x/__init__.py,sha256=a,1\n../../../bin/x,,\n",
        f"{_SITE}/x-1.dist-info/direct_url.json": '{"url": "file:///src", "dir_info": '
        '{"editable": true}}',
        f"{_SITE}/y.egg-info/PKG-INFO": "Name: y\nVersion: 2\n",
        f"{_SITE}/y.egg-info/requires.txt": "a\n[dev:python_version<'3']\nb\n",
        f"{_SITE}/easy-install.pth": "/src/y\nimport os\n",
        "app/.venv/pyvenv.cfg": "home = /usr/bin\nversion = 3.11.2\n",
        "app/.venv/bin/x": "#!/app/.venv/bin/python\n",
        "app/pyproject.toml": "[project]\nname = 'app'\ndependencies = ['x']\n",
        "app/uv.lock": "version = 1\n[[package]]\nname = 'x'\nversion = '1'\n",
        "app/requirements.txt": "-r more.txt\nx==1 --hash=sha256:0\n",
    }
    parts = [f"%%% {path}\n{text}" for path, text in files.items()]
    settings = {"Cmd": ["x", "--reload"], "Env": ["PATH=/app/.venv/bin:/usr/bin"], "User": "app"}
    inputs["everything"] = "\n".join(
        [json.dumps(settings), "=== RUN pip install x && rm -rf /root/.cache", *parts]
    ).encode()
    return inputs


def _parts(files: dict[str, object]) -> bytes:
    return b"\n".join(
        b"%%% " + path.encode() + b"\n" + json_bytes(value) for path, value in files.items()
    )


def _write(target: str, inputs: dict[str, bytes]) -> None:
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in inputs.items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
