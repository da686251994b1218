from __future__ import annotations

from imgdiag.comparison import Comparison
from imgdiag.comparison.packages import Change
from tests.comparison.images import OTHER_SITE, compared, layer
from tests.made import SITE, distribution

VENV = "app/.venv/pyvenv.cfg"


def site(version: str) -> str:
    return f"app/.venv/lib/python{version}/site-packages"


def rows(comparison: Comparison) -> dict[str, tuple[Change, int, tuple[str, ...]]]:
    """Return the packages that differ, in the order in which they are told."""
    return {
        each.name: (each.change, each.growth, each.chain)
        for environment in comparison.environments
        for each in environment.packages
    }


def test_added_removed_another_version_other_files() -> None:
    found = compared(
        layer(files={
            **distribution("old", {"old.py": 9_000}),
            **distribution("moved", {"moved.py": 100}, version="1.0"),
            **distribution("same", {"same.py": 100}),
            **distribution("kept", {"kept.py": 100}),
        }),
        layer(files={
            **distribution("new", {"new.py": 10_000}),
            **distribution("moved", {"moved.py": 350}, version="2.0"),
            **distribution("same", {"same.py": 50}),
            **distribution("kept", {"kept.py": 100}),
        }),
    )  # fmt: skip
    changes = {name: row[0].value for name, row in rows(found).items()}
    assert changes == {"new": "added", "old": "removed", "moved": "version", "same": "bytes"}
    assert list(changes) == ["new", "old", "moved", "same"]  # by bytes
    [environment] = found.environments
    moved = next(each for each in environment.packages if each.name == "moved")
    assert moved.growth == 250
    assert moved.base is not None
    assert moved.head is not None
    assert (moved.base.version, moved.head.version) == ("1.0", "2.0")
    assert environment.growth == sum(each.growth for each in environment.packages)


def test_the_chain_leads_to_what_was_asked_for() -> None:
    app = distribution("app", {"app.py": 1}, requires=["torch", "x[fast]"])
    torch = distribution("torch", {"torch.so": 5_000}, requires=["cudnn; platform_system=='Linux'"])
    cudnn = distribution("cudnn", {"cudnn.so": 9_000})
    x = distribution("x", {"x.py": 1}, requires=["fast; extra == 'fast'"])
    fast = distribution("fast", {"fast.so": 7_000})
    found = compared(layer(files=app), layer(files={**app, **torch, **cudnn, **x, **fast}))
    assert {name: row[2] for name, row in rows(found).items()} == {
        "cudnn": ("app", "torch", "cudnn"),
        "fast": ("app", "x", "fast"),
        "torch": ("app", "torch"),
        "x": ("app", "x"),
    }


def test_what_is_gone_has_the_chain_that_brought_it() -> None:
    app = distribution("app", {"app.py": 1}, requires=["torch"])
    torch = distribution("torch", {"torch.so": 5_000})
    found = compared(layer(files={**app, **torch}), layer(files=app))
    assert {name: row[2] for name, row in rows(found).items()} == {"torch": ("app", "torch")}


def test_a_new_python_is_the_same_environment() -> None:
    found = compared(
        layer(files={VENV: "home = /usr\n", **distribution("a", {"a": 10}, site=site("3.11"))}),
        layer(files={VENV: "home = /usr\n", **distribution("a", {"a": 10}, site=site("3.12"))}),
    )
    [environment] = found.environments
    assert environment.base is not None
    assert environment.head is not None
    assert (environment.base.path, environment.head.path) == (site("3.11"), site("3.12"))
    assert environment.packages == ()


def test_an_environment_that_was_moved() -> None:
    found = compared(
        layer(files={VENV: "home = /usr\n", **distribution("a", {"a": 10}, site=site("3.11"))}),
        layer(files={
            "opt/v/pyvenv.cfg": "home = /usr\n",
            **distribution("a", {"a": 30}, site="opt/v/lib/python3.11/site-packages"),
        }),
    )  # fmt: skip
    [environment] = found.environments
    assert environment.growth == 20
    assert environment.shown.path == "opt/v/lib/python3.11/site-packages"


def test_a_second_environment_is_new() -> None:
    one = {VENV: "home = /usr\n", **distribution("a", {"a": 10}, site=SITE)}
    two = {**one, **distribution("a", {"a": 40}, site=OTHER_SITE)}
    [environment] = compared(layer(files=one), layer(files=two)).environments
    assert environment.base is None
    assert environment.shown.path == OTHER_SITE
    [environment] = compared(layer(files=two), layer(files=one)).environments
    assert environment.head is None
    assert environment.growth < 0


def test_a_package_that_is_there_twice_counts_once() -> None:
    twice = {
        **distribution("a", {"a.py": 10}, version="1.0"),
        **distribution("a", {"b.py": 40}, version="2.0"),
    }
    found = compared(
        layer(files=distribution("a", {"a.py": 10}, version="1.0")), layer(files=twice)
    )
    [environment] = found.environments
    [change] = environment.packages
    assert change.head is not None
    assert change.head.version == "1.0, 2.0"
    assert change.change is Change.VERSION


def debian(**sizes: int) -> dict[str, int | str]:
    status = "".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: 1-{size}\n\n"
        for name, size in sizes.items()
    )
    files: dict[str, int | str] = {"var/lib/dpkg/status": status}
    for name, size in sizes.items():
        files[f"var/lib/dpkg/info/{name}.list"] = f"/usr/lib/{name}.so\n"
        files[f"usr/lib/{name}.so"] = size
    return files


def test_system_packages() -> None:
    found = compared(
        layer(files=debian(gone=500, other=100, kept=1)),
        layer(files=debian(new=7_000, other=300, kept=1)),
    )
    assert [
        (each.manager, each.package.name, each.package.change.value, each.package.growth)
        for each in found.system_packages
    ] == [
        ("dpkg", "new", "added", 7_000),
        ("dpkg", "gone", "removed", -500),
        ("dpkg", "other", "version", 200),
    ]
    assert found.environments == ()
