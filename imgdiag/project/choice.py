"""Which Dockerfile an image is held against: the one that was named, or that of the folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from imgdiag.errors import ImgdiagError
from imgdiag.image import ImageConfig
from imgdiag.project.alignment import Alignment, align
from imgdiag.project.dockerfile import Dockerfile, read_dockerfile
from imgdiag.project.folder import own_file

NAMES = ("Dockerfile", "Containerfile")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A Dockerfile and the stage to look for; `problem` says why the file cannot be read."""

    path: str
    dockerfile: Dockerfile | None
    target: str | None = None
    problem: str = ""

    def alignment(self, config: ImageConfig) -> Alignment:
        """Return what of the file made the image. Raises ImgdiagError for an unknown target."""
        if self.dockerfile is None:
            return Alignment(path=self.path, fits=False, note=f"not used: {self.problem}")
        return align(config, self.dockerfile, self.target)


def find_dockerfile(folder: Path) -> Path | None:
    """Return the Dockerfile of a folder, None where there is none.

    Raises ImgdiagError for a link that leads elsewhere.
    """
    found = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    return None if found is None else own_file(found)


def choose(path: Path | None, target: str | None, folder: Path) -> Choice | None:
    """Return the Dockerfile at `path`, or the one in `folder`; None where there is none.

    One that was named must be right: raises ImgdiagError. What merely lies in the folder is left
    aside with a word when it cannot be read.
    """
    if path is not None:
        dockerfile = read_dockerfile(path)
        dockerfile.target(target)  # what was mistyped is said before an image is read
        return Choice(path=str(path), dockerfile=dockerfile, target=target)
    try:
        found = find_dockerfile(folder)
        parsed = read_dockerfile(found) if found is not None else None
    except ImgdiagError as error:
        return Choice(path=str(folder / NAMES[0]), dockerfile=None, problem=str(error))
    if found is None or parsed is None:
        if target is not None:
            raise ImgdiagError(
                f"--target {target} without a Dockerfile", hint="Name it with --dockerfile"
            )
        return None
    if target is not None:
        parsed.target(target)
    return Choice(path=str(found), dockerfile=parsed, target=target)
