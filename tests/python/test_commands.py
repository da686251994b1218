from __future__ import annotations

import pytest

from imgdiag.image import ImageConfig
from imgdiag.python.commands import Command, find_commands
from imgdiag.rules.rule import ExampleLayer
from tests.made import made_facts


def config(*created_by: str) -> ImageConfig:
    return made_facts(*(ExampleLayer(created_by=each) for each in created_by)).config


def commands(*created_by: str) -> list[Command]:
    return list(find_commands(config(*created_by)))


@pytest.mark.parametrize(
    ("instruction", "asked"),
    [
        (
            "RUN pip install torch 'jax[cuda12]>=0.4' flask==3.0",
            "torch jax[cuda12]>=0.4 flask==3.0",
        ),
        ("RUN /bin/sh -c pip3 install --no-cache-dir -U torch # buildkit", "torch"),
        ("RUN /app/.venv/bin/pip3.11 install -i https://x torch", "torch"),
        ("RUN python -m pip install torch", "torch"),
        ("RUN uv pip install --system --index-url=https://x torch", "torch"),
        ("RUN apt-get install -y python3-pip && pip install torch; echo numpy", "torch"),
        ("RUN pip install --target /deps torch && (pip install numpy)", "torch numpy"),
        ("RUN pip install \\\n    torch \\\n    numpy", "torch numpy"),
        ("RUN pip install torch > /tmp/log flask", "torch"),
        ("RUN pip install -e . ./lib[x]", "-e . ./lib[x]"),
        ("RUN pip install $PACKAGES torch", "torch"),
        ("RUN apt-get install pip torch", ""),
        ("RUN pip uninstall -y torch", ""),
        ("RUN pip download torch", ""),
        ("RUN pip install 'torch", ""),
        ("COPY pip install torch", ""),
        ("RUN echo install", ""),
    ],
)
def test_what_is_asked_for(instruction: str, asked: str) -> None:
    found = [each.text for command in commands(instruction) for each in command.declared]
    assert " ".join(found) == asked


def test_files_and_folders_are_paths_of_the_image() -> None:
    [command] = commands(
        "WORKDIR /srv/app",
        "RUN pip install -r requirements.txt --requirement=/tmp/more.txt -rlast.txt -e . torch",
    )
    assert command.files == ("srv/app/requirements.txt", "tmp/more.txt", "srv/app/last.txt")
    assert [each.folder for each in command.declared] == ["srv/app", None]
    assert command.instruction.startswith("RUN pip install -r")
