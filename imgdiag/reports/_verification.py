"""What the image's own Python says of torch beside what the files said."""

from __future__ import annotations

from imgdiag.python.verification import Check, Verification
from imgdiag.reports import Style
from imgdiag.reports._encoding import encode
from imgdiag.reports._page import Page
from imgdiag.schema import verify_torch as schema


def text(verification: Verification, style: Style) -> str:
    """Return both accounts side by side, and loudly where they differ."""
    page = Page(style)
    page.line(f"{verification.reference}   torch, by its files and by its own Python", bold=True)
    page.line()
    if not verification.checks:
        page.line("There is no torch in the image.", indent=2, fg="green")
    if verification.note:
        page.paragraph(verification.note, indent=2)
    for check in verification.checks:
        _check(page, check)
    return page.text()


def _check(page: Page, check: Check) -> None:
    static, answer = check.static, check.answer
    page.line(f"/{check.environment}" if static else "on the PATH", indent=2, bold=True)
    rows = [
        ("torch", static.version if static else "none", answer.version or "does not import"),
        ("build", static.label if static else "–", "–"),
        ("CUDA", _toolkit(check), answer.cuda or "none"),
        ("a GPU is there", "–", {True: "yes", False: "no", None: "–"}[answer.is_available]),
    ]
    page.table(rows, ("", "by the files", f"by {answer.python}"), "lll")
    if answer.is_available is False:
        page.paragraph(
            "The container is given no GPU, so none there is what is expected.", indent=2
        )
    page.line()
    for disagreement in check.disagreements:
        page.paragraph(f"DISAGREEMENT: {disagreement}", indent=2, fg="red")
    if not check.disagreements:
        page.line("They agree.", indent=2, fg="green")
    page.line()


def _toolkit(check: Check) -> str:
    if check.static is None:
        return "–"
    if check.static.variant == "cuda":
        return check.static.toolkit or "of a version that nothing says"
    return "nothing says" if check.static.variant == "unknown" else "none"


def as_json(verification: Verification) -> str:
    """Return the verification as one JSON object."""
    report: schema.Report = {
        "schema_version": 1,
        "image": {"reference": verification.reference, "id": verification.image_id},
        "agreed": verification.agreed,
        "checks": [_check_json(check) for check in verification.checks],
        "note": verification.note or None,
    }
    return encode(report)


def _check_json(check: Check) -> schema.Check:
    static, answer = check.static, check.answer
    return {
        "environment": check.environment,
        "static": {
            "version": static.version,
            "variant": static.variant,
            "toolkit": static.toolkit,
            "evidence": static.evidence,
        }
        if static
        else None,
        "live": {
            "python": answer.python,
            "version": answer.version or None,
            "cuda": answer.cuda,
            "hip": answer.hip,
            "is_available": answer.is_available,
            "file": answer.file or None,
            "problem": answer.problem or None,
        },
        "disagreements": list(check.disagreements),
    }
