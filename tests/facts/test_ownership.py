"""Who owns what: the order among those who name the same file, and that all adds up."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import File
from imgdiag.image import parse_config
from imgdiag.pipeline import examine
from imgdiag.rules.rule import ExampleLayer
from tests.made import SITE, distribution, facts_of, made_filesystem, made_image, made_layer
from tests.system.test_dpkg import debian

DIST_PACKAGES = "usr/lib/python3/dist-packages"


def shares(facts: Facts) -> dict[str, int]:
    """Return what each owner has, nobody among them; they add up to all that is visible."""
    found = {each.name: each.bytes for each in facts.distributions}
    found |= {each.name: each.bytes for each in facts.system_packages}
    found["nobody"] = sum(row.bytes for row in facts.unattributed)
    assert sum(found.values()) == facts.filesystem.visible_bytes
    return found


def sizes(files: Mapping[str, int | str]) -> int:
    return sum(len(each) if isinstance(each, str) else each for each in files.values())


def test_a_distribution_of_debians_is_its_packages() -> None:
    installed = distribution("numpy", {"numpy/core.so": 20_000}, site=DIST_PACKAGES)
    cache = f"{DIST_PACKAGES}/numpy/__pycache__/a.cpython-311.pyc"
    lists = {"python3-numpy": "".join(f"/{path}\n" for path in installed) + "/usr/share/doc/x\n"}
    files = debian(lists, {**installed, cache: 5, "usr/share/doc/x": 7})
    facts = facts_of(files)
    [numpy] = facts.distributions
    assert (numpy.evidence, numpy.system_package, numpy.bytes) == ("dpkg", "python3-numpy", 0)
    assert numpy.files == {}
    database = sizes({path: what for path, what in files.items() if path.startswith("var/")})
    expected = {"numpy": 0, "python3-numpy": sizes(installed) + 7 + 5, "nobody": database}
    assert shares(facts) == expected


def test_what_pip_put_over_debians_is_pips() -> None:
    old = distribution("six", {"six.py": 10}, site=DIST_PACKAGES, version="1.0")
    new = distribution("six", {"six.py": 10}, site=DIST_PACKAGES, version="2.0")
    lists = {"python3-six": "".join(f"/{path}\n" for path in old)}
    facts = facts_of(debian(lists, new))
    [six] = facts.distributions
    assert (six.version, six.evidence, six.bytes) == ("2.0", "record", sizes(new))
    assert [(each.name, each.bytes) for each in facts.system_packages] == [("python3-six", 0)]


def test_a_guess_by_folder_takes_nothing_of_debians() -> None:
    files: dict[str, int | str] = {
        f"{DIST_PACKAGES}/guess.egg-info": "Name: guess\nVersion: 1\n",
        f"{DIST_PACKAGES}/guess/a.py": 10,
        f"{DIST_PACKAGES}/guess/b.py": 20,
    }
    facts = facts_of(debian({"other": f"/{DIST_PACKAGES}/guess/a.py\n"}, files))
    found = shares(facts)
    assert (found["other"], found["guess"]) == (10, 20 + 23)


def test_an_egg_info_of_debians_is_its_packages() -> None:
    path = f"{DIST_PACKAGES}/old-1.0.egg-info"
    files: dict[str, int | str] = {path: "Name: old\nVersion: 1.0\n", f"{DIST_PACKAGES}/old.py": 9}
    facts = facts_of(debian({"python3-old": f"/{path}\n/{DIST_PACKAGES}/old.py\n"}, files))
    [old] = facts.distributions
    assert (old.evidence, old.system_package) == ("dpkg", "python3-old")
    assert shares(facts)["python3-old"] == 23 + 9


def test_pip_beside_debian_in_one_image() -> None:
    own = distribution("flask", {"flask.py": 100})
    facts = facts_of({**debian({"bash": "/bin/bash\n"}, {"bin/bash": 50}), **own, "srv/data": 7})
    assert shares(facts).items() >= {"flask": sizes(own), "bash": 50}.items()


def test_a_report_says_when_missing_files_were_deleted() -> None:
    installed = distribution("a", {"a/x.py": 10, "a/y.py": 20}, record="a/x.py,,\na/y.py,,\nno,,\n")
    analysis = examine(
        made_image(
            ExampleLayer(created_by="RUN pip install a", files=installed),
            ExampleLayer(created_by="RUN true", files={"z": 1}),
            ExampleLayer(created_by="RUN rm", files={}, deletes=(f"{SITE}/a/y.py",)),
        )
    )
    [package] = analysis.packages
    assert (package.missing_files, package.deleted_files, package.deleted_in) == (2, 1, (2,))


NAMES = ("a", "b", "c", "d/a", "d/b", "d/c", "e/f/a", "e/f/b")
PATHS = st.sampled_from([f"{SITE}/{name}" for name in NAMES] + [f"usr/{name}" for name in NAMES])
CLAIMS = st.lists(PATHS, max_size=8)


@settings(max_examples=150)
@given(
    files=st.dictionaries(PATHS, st.integers(0, 10**9), max_size=12),
    links=st.dictionaries(PATHS, PATHS, max_size=5),
    records=st.lists(CLAIMS, max_size=4),
    lists=st.lists(CLAIMS, max_size=4),
    hidden=st.sets(PATHS, max_size=4),
)
def test_every_visible_byte_has_the_first_owner_that_names_it(
    files: dict[str, int],
    links: dict[str, str],
    records: list[list[str]],
    lists: list[list[str]],
    hidden: set[str],
) -> None:
    """The oracle: those who name an inode by any of its names, in the order of precedence."""
    everything: dict[str, int | str] = dict(files)
    for index, paths in enumerate(records):
        record = "none,,\n" + "".join(f"/{path},,\n" for path in paths)
        everything |= distribution(f"dist{index}", record=record)
    everything |= debian(
        {
            f"deb{index}": "".join(f"/{path}\n" for path in paths)
            for index, paths in enumerate(lists)
        },
        {},
    )
    filesystem = made_filesystem(
        made_layer(everything, links={name: to for name, to in links.items() if name != to}),
        made_layer({}, deletes=tuple(hidden)),
    )
    facts = Facts(config=parse_config(b"{}"), filesystem=filesystem)

    expected: dict[File, str] = {}
    visible = list(filesystem.files())
    named = [(f"dist{index}", paths) for index, paths in enumerate(records)]
    named += [(f"deb{index}", paths) for index, paths in enumerate(lists)]
    for owner, paths in named:
        for path, file in visible:
            if path in paths:
                expected.setdefault(file, owner)

    found: dict[File, str] = {}
    owners = [(each.name, each.bytes, each.files) for each in facts.distributions]
    owners += [(each.name, each.bytes, each.files) for each in facts.system_packages]
    for name, size, owned in owners:
        for file in set(owned.values()):
            assert found.setdefault(file, name) == name, "an inode has two owners"
        assert size == sum(file.size for file in set(owned.values()))
    assert found == expected
    shares(facts)


READ = (
    f"{SITE}/a-1.dist-info/METADATA", f"{SITE}/a-1.dist-info/RECORD",
    f"{SITE}/a-1.dist-info/direct_url.json", f"{SITE}/b.egg-info/PKG-INFO",
    f"{SITE}/b.egg-info/installed-files.txt", f"{SITE}/b.egg-info/top_level.txt",
    f"{SITE}/b.egg-info/SOURCES.txt", f"{SITE}/c.egg-link", f"{SITE}/d.pth",
    f"{SITE}/e.egg/EGG-INFO/PKG-INFO", f"{SITE}/f.egg-info", "app/.venv/pyvenv.cfg",
    "app/.venv/bin/run", "var/lib/dpkg/status", "var/lib/dpkg/diversions",
    "var/lib/dpkg/info/a.list", "var/lib/dpkg/status.d/a", "var/lib/dpkg/status.d/a.md5sums",
    "lib/apk/db/installed", "opt/conda/conda-meta/a-1-0.json",
)  # fmt: skip
PIECES = (
    "/", "..", "\n", "\r\n", "\0", ",", '"', "{", "}", "[", ":", " ", "=", "#!", "'''exec' ",
    "/app/.venv/bin/python", "a.py", "Name: a\n", "Package: a\n", "Version: 1\n", "P:a\n",
    "F:usr\n", "R:b\n", '{"files": ["a"], "name": "x"}', '{"url": "file:///app"}', "usr/lib",
    "home", "\x85", "\u2028", "../" * 40, "loop/", "import ",
)  # fmt: skip
WORDS = (
    "sh", "-c", "run", "/app/.venv/bin/run", "uv", "conda", "env", "-n", "a b; c", "$(", "", ".",
    "python", "tini", "--", ". /app/.venv/bin/activate && run",
)  # fmt: skip


@settings(max_examples=150)
@given(
    texts=st.dictionaries(
        st.sampled_from(READ), st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
    ),
    command=st.lists(st.sampled_from(WORDS), max_size=5),
    path=st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
)
def test_whatever_an_image_says_its_numbers_add_up(
    texts: dict[str, str], command: list[str], path: str
) -> None:
    files: dict[str, int | str] = {
        **dict.fromkeys(("usr/lib/a.py", "usr/bin/uv", f"{SITE}/a.py"), 5),
        **texts,
    }
    layer = ExampleLayer(created_by="RUN x", files=files)
    # examine raises when an invariant is broken, and must raise nothing else.
    analysis = examine(
        made_image(layer, command=command, environment={"PATH": path, "PYTHONPATH": path})
    )
    assert analysis.sizes.visible_bytes == sum(
        len(each.encode()) if isinstance(each, str) else each for each in files.values()
    )
