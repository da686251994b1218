"""The checklist of a lean Python image: each item passed, failed, or not checkable and why."""

from __future__ import annotations

from imgdiag.facts.facts import Facts
from imgdiag.project.checklist.item import Item, Status, failures
from imgdiag.project.checklist.of_image import NO_IMAGE, ImageItems
from imgdiag.project.checklist.of_project import ProjectItems
from imgdiag.project.project import Project
from imgdiag.python.verification import Verification

__all__ = ["NO_IMAGE", "Item", "Status", "checklist", "failures"]


def checklist(
    project: Project,
    image: Facts | None = None,
    answers: Verification | None = None,
    max_size: int | None = None,
) -> tuple[Item, ...]:
    """Return all items, those of the project first.

    `image` is what is known of the built image, `answers` what its own Python said of torch; None
    for what was not looked at. `max_size` is the budget in bytes for the sum of the layers.
    """
    return (*ProjectItems(project).all(), *ImageItems(image, answers, max_size).all())
