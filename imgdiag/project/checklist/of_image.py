"""What the built image says of the checklist."""

from __future__ import annotations

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.gate.gate import NORMAL_BYTES
from imgdiag.project import uv_at_run_time
from imgdiag.project.checklist.item import Item, Status, failed, passed, unknown
from imgdiag.python.gpu import is_gpu_only
from imgdiag.python.verification import Verification
from imgdiag.units import format_bytes

NO_IMAGE = "no image was named"


class ImageItems:
    """What the built image, and what its own Python answered, tell."""

    def __init__(
        self, image: Facts | None, answers: Verification | None, max_size: int | None
    ) -> None:
        self._image = image
        self._answers = answers
        self._max_size = max_size

    def all(self) -> Iterator[Item]:
        """Yield the items; without an image none of them is checkable."""
        names = (
            "the size is within its budget",
            "torch in the image is the CPU build",
            "torch says so itself",
            "no GPU package is in the image",
            "uv works for the user that the image runs as",
            "the image has glibc",
        )
        if self._image is None:
            yield from (unknown(name, NO_IMAGE) for name in names)
            return
        yield self._size(names[0], self._image)
        yield self._torch(names[1], self._image)
        yield self._answer(names[2])
        yield self._gpu(names[3], self._image)
        yield self._uv(names[4], self._image)
        yield self._glibc(names[5], self._image)

    def _size(self, name: str, image: Facts) -> Item:
        size = image.filesystem.layer_bytes
        limit = NORMAL_BYTES if self._max_size is None else self._max_size
        detail = f"{format_bytes(size)} of {format_bytes(limit)}"
        return (passed if size <= limit else failed)(name, detail)

    def _torch(self, name: str, image: Facts) -> Item:
        if not image.torches:
            return passed(name, "there is no torch in it")
        if image.purpose.is_gpu:
            return unknown(name, f"the image is meant for a GPU ({image.purpose.evidence})")
        torch = next((each for each in image.torches if each.variant != "cpu"), image.torches[0])
        detail = f"torch {torch.version}: {torch.label} ({torch.evidence})"
        place = f"/{torch.distribution.environment.path}/torch"
        if torch.variant == "unknown":
            return unknown(name, detail)
        return (passed if torch.variant == "cpu" else failed)(name, detail, place)

    def _answer(self, name: str) -> Item:
        if self._answers is None:
            return unknown(name, "not asked; --run imports it in a container")
        if not self._answers.checks:
            return passed(name, self._answers.note or "there is no torch in it")
        for check in self._answers.checks:
            if check.disagreements:
                return failed(name, check.disagreements[0], check.answer.file)
            if check.answer.cuda is not None:
                detail = f"torch.version.cuda is {check.answer.cuda!r}"
                return failed(name, detail, check.answer.file)
        answer = self._answers.checks[0].answer
        return passed(name, f"torch {answer.version}, torch.version.cuda is None", answer.file)

    def _gpu(self, name: str, image: Facts) -> Item:
        found = [each for each in image.distributions if is_gpu_only(each.name)]
        if not found:
            return passed(name, "none")
        total = sum(each.bytes for each in found)
        names = ", ".join(each.name for each in found[:3])
        detail = f"{len(found)} of {format_bytes(total)}: {names}{' …' if len(found) > 3 else ''}"
        if image.purpose.is_gpu:
            return unknown(name, f"{detail}; meant for a GPU ({image.purpose.evidence})")
        return failed(name, detail, f"/{found[0].environment.path}")

    def _uv(self, name: str, image: Facts) -> Item:
        answer = uv_at_run_time.examine(image)
        status = {True: Status.PASSED, False: Status.FAILED, None: Status.UNKNOWN}[answer.works]
        return Item(name=name, status=status, detail=answer.detail, place=answer.place)

    def _glibc(self, name: str, image: Facts) -> Item:
        release = image.os_release
        if "alpine" in (release.get("ID", ""), release.get("ID_LIKE", "")):
            return failed(
                name,
                f"{release.get('PRETTY_NAME') or 'Alpine'}: manylinux wheels do not load on musl",
                "/etc/os-release",
            )
        if not release:
            return unknown(name, "there is no os-release in it")
        return passed(name, release.get("PRETTY_NAME") or release.get("ID", "a Linux"))
