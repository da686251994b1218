"""The du table for a terminal and for machines; the same for every way of measuring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imgdiag.reports import Style
from imgdiag.reports._encoding import encode
from imgdiag.reports._page import Page
from imgdiag.scanner.du import DiskUsage, Row, Running
from imgdiag.schema import du as schema
from imgdiag.units import format_bytes, format_share


def text(usage: DiskUsage, style: Style) -> str:
    """Return the table as text."""
    page = Page(style)
    page.line(f"{usage.reference}   /{usage.table.path}   {_how(usage)}", bold=True)
    page.line()
    about = "about " if usage.estimate else ""
    page.line(f"{about}{format_bytes(usage.table.bytes)} {_measure(usage)}", indent=2, bold=True)
    page.line()
    headers = ["bytes", "share", "path"]
    if usage.running:
        headers.insert(2, "written since start")
    rows = list(_rows(usage.table, usage.table.bytes, len(headers) == 4))
    page.table(rows, headers, "r" * (len(headers) - 1) + "l")
    if usage.running:
        _running(page, usage, usage.running)
    if usage.left_out:
        paths = ", ".join(f"/{path}" for path in usage.left_out)
        page.line()
        page.paragraph(
            f"Left out, as the engine mounts something of its own there: {paths}", indent=2
        )
    page.not_read(f"{each.what}: {each.reason}" for each in usage.skipped)
    return page.text()


def _how(usage: DiskUsage) -> str:
    if usage.how == "static":
        return "static: from the layers, nothing was run"
    if usage.running:
        return f"in the running container {usage.running.name}, by its {usage.program}"
    return f"live: in a throw-away container, by its {usage.program}"


def _measure(usage: DiskUsage) -> str:
    if not usage.blocks:
        return "in files, hard links once"
    if usage.estimate:
        return "on a disk: an estimate, each file rounded up to 4,096 bytes"
    return "on the disk, folders included"


def _rows(row: Row, whole: int, with_written: bool) -> Iterator[Sequence[str]]:
    """Yield a folder's rows, each followed by its own, and what is not shown of it."""
    if not row.is_folder:
        yield _cells(row.bytes, whole, row.written_bytes, f"/{row.path}", with_written)
    for child in row.rows:
        slash = "/" if child.is_folder else ""
        path = f"/{child.path}{slash}"
        yield _cells(child.bytes, whole, child.written_bytes, path, with_written)
        yield from _rows(child, whole, with_written) if child.is_folder else ()
    if row.rows or row.others:
        if row.others:
            what = f"{row.others:,} more"
        elif row.others_bytes:
            what = "the folder itself"
        else:
            return
        where = f" in /{row.path}" if row.path else ""
        written = row.written_bytes - sum(child.written_bytes for child in row.rows)
        yield _cells(row.others_bytes, whole, written, f"({what}{where})", with_written)


def _cells(size: int, whole: int, written: int, path: str, with_written: bool) -> Sequence[str]:
    cells = [format_bytes(size), format_share(size, whole), path]
    if with_written:
        cells.insert(2, format_bytes(written) if written else "–")
    return cells


def _running(page: Page, usage: DiskUsage, running: Running) -> None:
    page.heading(f"Written since the start: {format_bytes(running.written_bytes)}")
    page.table(
        (
            (format_bytes(group.bytes), f"{group.files:,}", group.kind, f"/{group.paths[0][0]}")
            for group in running.written
        ),
        ("bytes", "files", "what", "the largest"),
        "rrll",
    )
    paths = sorted(
        (item for group in running.written for item in group.paths),
        key=lambda item: (-item[1], item[0]),
    )
    if paths:
        page.heading("Largest files written since the start")
        page.table(
            ((format_bytes(size), f"/{path}") for path, size in paths[:10]), ("bytes", "path"), "rl"
        )
    if running.deleted:
        page.line()
        page.paragraph(
            f"Deleted since the start: {running.deleted:,} paths of the image, "
            "which still holds their bytes",
            indent=2,
        )


def as_json(usage: DiskUsage) -> str:
    """Return the table as one JSON object; paths have no leading slash, the root's is empty."""
    report: schema.Report = {
        "schema_version": 1,
        "image": {"reference": usage.reference, "id": usage.image_id},
        "how": usage.how,
        "program": usage.program or None,
        "measure": "blocks" if usage.blocks else "apparent",
        "estimate": usage.estimate,
        "table": _row(usage.table),
        "container": _container(usage, usage.running) if usage.running else None,
        "left_out": list(usage.left_out),
        "skipped": [{"what": each.what, "reason": each.reason} for each in usage.skipped],
    }
    return encode(report)


def _row(row: Row) -> schema.Row:
    return {
        "path": row.path,
        "type": "folder" if row.is_folder else "file",
        "bytes": row.bytes,
        "written_bytes": row.written_bytes,
        "children": [_row(child) for child in row.rows],
        "others": {"entries": row.others, "bytes": row.others_bytes},
    }


def _container(usage: DiskUsage, running: Running) -> schema.Container:
    return {
        "name": running.name,
        "id": running.id,
        "written_bytes": running.written_bytes,
        "written": [
            {
                "kind": group.kind,
                "bytes": group.bytes,
                "files": group.files,
                "largest": [{"path": path, "bytes": size} for path, size in group.paths],
            }
            for group in running.written
        ],
        "deleted": running.deleted,
    }
