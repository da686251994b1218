from __future__ import annotations

from collections.abc import Mapping

import pytest

from imgdiag.facts.facts import Facts
from imgdiag.image import parse_config
from imgdiag.python.distributions import Distribution
from tests.made import SITE, distribution, facts_of, made_filesystem, made_layer


def found(files: Mapping[str, int | str]) -> dict[str, Distribution]:
    return {each.name: each for each in facts_of(files).distributions}


def owned(each: Distribution) -> set[str]:
    """Return the paths it owns below site-packages, its metadata left out."""
    return {
        path.removeprefix(f"{SITE}/")
        for path in each.files
        if ".dist-info/" not in path and ".egg-info" not in path
    }


def test_record() -> None:
    each = found(
        {
            **distribution("My.Package", {"mine/a.py": 10, "mine/b.so": 200}, version="1.2.post1"),
            f"{SITE}/My.Package-1.2.post1.dist-info/INSTALLER": "pip\n",
        }
    )["my-package"]
    assert owned(each) == {"mine/a.py", "mine/b.so"}
    assert (each.version, each.evidence, each.missing) == ("1.2.post1", "record", 0)
    metadata = sum(file.size for path, file in each.files.items() if ".dist-info/" in path)
    assert each.bytes == 210 + metadata


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("a.py,sha256=x,5", f"{SITE}/a.py"),
        ("a.py", f"{SITE}/a.py"),
        ("a.py,,\r", f"{SITE}/a.py"),
        ('"a,b.py",sha256=x,5', f"{SITE}/a,b.py"),
        ('"a""b.py",,', f'{SITE}/a"b.py'),
        ("../../../bin/tool,sha256=x,5", "app/.venv/bin/tool"),
        ("../../../share/man/man1/x.1,,", "app/.venv/share/man/man1/x.1"),
        ("/opt/tool/x,,", "opt/tool/x"),
        ("./a/./b.py,,", f"{SITE}/a/b.py"),
        ("../../../../../../../../etc/x,,", "etc/x"),
    ],
)
def test_record_paths(line: str, path: str) -> None:
    each = found({**distribution("a", record=line + "\n"), path: 77})["a"]
    assert (set(each.files), each.bytes, each.missing) == ({path}, 77, 0)


@pytest.mark.parametrize(
    "record",
    [
        '"' + "x" * 200_000 + "\n",
        "a/" * 5_000 + "x,,\n",
        '"\n',
        "\0,,\n",
        ",,\n",
        "loop/x,,\n",
        "..,,\n",
        "/,,\n",
    ],
    ids=["long field", "deep", "open quote", "null", "empty", "circle", "above", "root"],
)
def test_a_hostile_record_owns_nothing(record: str) -> None:
    filesystem = made_filesystem(
        made_layer(
            {**distribution("a", record=record), f"{SITE}/b.py": 5},
            symlinks={f"{SITE}/loop": "loop"},
        )
    )
    facts = Facts(config=parse_config(b"{}"), filesystem=filesystem)
    [each] = facts.distributions
    assert each.bytes == 0


def test_files_named_and_not_there_are_counted() -> None:
    each = found(distribution("a", record="a.py,,\ngone.py,,\ngone/too.py,,\n"))["a"]
    assert (each.missing, each.bytes) == (3, 0)


def test_a_record_through_a_linked_folder_finds_its_files() -> None:
    filesystem = made_filesystem(
        made_layer(
            {**distribution("a", record="/bin/tool,,\n"), "usr/bin/tool": 9},
            symlinks={"bin": "usr/bin"},
            directories=["usr/bin"],
        )
    )
    [each] = Facts(config=parse_config(b"{}"), filesystem=filesystem).distributions
    assert (each.bytes, each.missing) == (9, 0)


def test_a_shared_namespace_folder_is_told_apart() -> None:
    each = found(
        {
            **distribution("nvidia-cublas-cu12", {"nvidia/cublas/lib.so": 600}),
            **distribution("nvidia-cudnn-cu12", {"nvidia/cudnn/lib.so": 1_000}),
        }
    )
    assert owned(each["nvidia-cublas-cu12"]) == {"nvidia/cublas/lib.so"}
    assert owned(each["nvidia-cudnn-cu12"]) == {"nvidia/cudnn/lib.so"}


def test_a_file_that_two_records_name_belongs_to_the_first() -> None:
    each = found(
        {
            **distribution("aaa", {"shared.py": 50, "a.py": 1}),
            **distribution("bbb", {"shared.py": 50, "b.py": 2}),
        }
    )
    assert owned(each["aaa"]) == {"shared.py", "a.py"}
    assert owned(each["bbb"]) == {"b.py"}
    assert each["bbb"].missing == 0


def test_a_file_named_twice_by_one_record_counts_once() -> None:
    each = found({**distribution("a", record="a.py,,\n./a.py,,\n"), f"{SITE}/a.py": 9})["a"]
    assert each.bytes == 9


def test_hard_links_between_two_environments_count_once() -> None:
    one = distribution("a", {"a.py": 100}, record="a.py,,\n")
    other = distribution("a", site="opt/lib/python3.11/site-packages", record="a.py,,\n")
    layer = made_layer(
        {**one, **other}, links={"opt/lib/python3.11/site-packages/a.py": f"{SITE}/a.py"}
    )
    facts = Facts(config=parse_config(b"{}"), filesystem=made_filesystem(layer))
    assert sorted(each.bytes for each in facts.distributions) == [0, 100]


def test_byte_code_compiled_later_goes_to_its_sources_owner() -> None:
    cache = f"{SITE}/space/__pycache__"
    each = found(
        {
            **distribution("one", {"space/one.py": 1, "six.py": 1}),
            **distribution("two", {"space/two.py": 1}),
            f"{cache}/one.cpython-311.pyc": 10,
            f"{cache}/one.cpython-311.opt-1.pyc": 20,
            f"{cache}/two.cpython-311.pyc": 40,
            f"{cache}/nobodys.cpython-311.pyc": 80,
            f"{SITE}/__pycache__/six.cpython-311.pyc": 160,
        }
    )
    assert owned(each["one"]) == {
        "space/one.py", "six.py", "space/__pycache__/one.cpython-311.pyc",
        "space/__pycache__/one.cpython-311.opt-1.pyc", "__pycache__/six.cpython-311.pyc",
    }  # fmt: skip
    assert owned(each["two"]) == {"space/two.py", "space/__pycache__/two.cpython-311.pyc"}


def test_byte_code_without_a_source_goes_to_the_folders_only_owner() -> None:
    each = found(
        {**distribution("a", {"a/data.txt": 1}), f"{SITE}/a/__pycache__/gone.cpython-311.pyc": 10}
    )["a"]
    assert "a/__pycache__/gone.cpython-311.pyc" in owned(each)


def test_without_a_record_the_top_level_folders_decide() -> None:
    info = f"{SITE}/Foo_Bar-1.0.dist-info"
    files: dict[str, int | str] = {
        f"{info}/METADATA": "Name: Foo_Bar\nVersion: 1.0\n",
        f"{info}/top_level.txt": "foo\n_foo_c\n",
        f"{SITE}/foo/a.py": 10,
        f"{SITE}/foo/deep/b.py": 20,
        f"{SITE}/_foo_c.py": 30,
        f"{SITE}/other/c.py": 40,
    }
    each = found(files)["foo-bar"]
    assert owned(each) == {"foo/a.py", "foo/deep/b.py", "_foo_c.py"}
    assert (each.evidence, each.missing) == ("top-level", 0)


def test_what_is_named_file_by_file_is_never_taken_by_a_guess() -> None:
    files: dict[str, int | str] = {
        f"{SITE}/aaa-1.0.dist-info/METADATA": "Name: aaa\n",
        f"{SITE}/aaa-1.0.dist-info/top_level.txt": "shared\n",
        f"{SITE}/shared/guessed.py": 1,
        **distribution("zzz", {"shared/named.py": 2}),
    }
    each = found(files)
    assert owned(each["aaa"]) == {"shared/guessed.py"}
    assert owned(each["zzz"]) == {"shared/named.py"}


@pytest.mark.parametrize("name", ["..", ".", "...", "../..", "/", "/etc", "x/../../../.."])
def test_a_hostile_top_level_does_not_own_the_image(name: str) -> None:
    files: dict[str, int | str] = {
        f"{SITE}/a-1.0.dist-info/METADATA": "Name: a\n",
        f"{SITE}/a-1.0.dist-info/top_level.txt": f"{name}\n",
        f"{SITE}/b.py": 1_000,
        "etc/passwd": 2_000,
    }
    assert found(files)["a"].bytes < 100


def test_metadata_alone_owns_itself() -> None:
    files = {f"{SITE}/a-2.0.dist-info/METADATA": "Name: a\nVersion: 2.0\n"}
    each = found(files)["a"]
    assert (each.evidence, each.bytes, each.version) == ("metadata", 21, "2.0")


def test_an_egg_info_folder() -> None:
    info = f"{SITE}/old_one-0.3-py3.11.egg-info"
    cached = "../old/__pycache__/a.cpython-311.pyc"
    files: dict[str, int | str] = {
        f"{info}/PKG-INFO": "Name: old-one\nVersion: 0.3\n",
        f"{info}/installed-files.txt": f"../old/a.py\n{cached}\nPKG-INFO\n",
        f"{info}/requires.txt": "six\n\n[test]\npytest\n\n[:python_version<'3']\nfutures\n",
        f"{SITE}/old/a.py": 5,
        f"{SITE}/old/__pycache__/a.cpython-311.pyc": 7,
    }
    each = found(files)["old-one"]
    assert each.evidence == "installed-files"
    assert owned(each) == {"old/a.py", "old/__pycache__/a.cpython-311.pyc"}
    assert each.requirements == (
        "six",
        'pytest ; extra == "test"',
        "futures ; (python_version<'3')",
    )


def test_a_single_file_egg_info() -> None:
    files: dict[str, int | str] = {
        f"{SITE}/old-0.3.egg-info": "Name: old\nVersion: 0.3\n",
        f"{SITE}/old.py": 5,
    }
    each = found(files)["old"]
    assert (each.version, each.evidence, owned(each)) == ("0.3", "top-level", {"old.py"})


def test_the_folders_name_stands_in_for_headers_that_are_missing() -> None:
    each = found({f"{SITE}/Some_Thing-1.5.dist-info/METADATA": "\n\nName: lies\n"})["some-thing"]
    assert each.version == "1.5"


def test_a_description_is_not_read_as_headers() -> None:
    files = distribution("a")
    files[f"{SITE}/a-1.0.dist-info/METADATA"] = (
        "Name: a\r\nVersion: 1.0\r\nRequires-Dist: b\r\n\r\nRequires-Dist: c\r\nName: d\r\n"
    )
    each = found(files)["a"]
    assert (each.name, each.requirements) == ("a", ("b",))


def test_a_folded_header_is_one_line() -> None:
    files = distribution("a")
    files[f"{SITE}/a-1.0.dist-info/METADATA"] = "Name: a\n b\nVersion: 1\n --index-url x\n"
    [each] = found(files).values()
    assert "\n" not in each.name + each.version


def test_the_installer_is_its_first_line() -> None:
    files = distribution("a", installer="  UV\nand more")
    assert found(files)["a"].installer == "uv"


def test_the_largest_come_first() -> None:
    files: dict[str, int | str] = {}
    for name, size in (("a", 10), ("b", 30), ("c", 20)):
        files |= distribution(name, {f"{name}.py": size}, record=f"{name}.py,,\n")
    assert [each.name for each in facts_of(files).distributions] == ["b", "c", "a"]


def test_an_editable_install_owns_its_metadata_and_not_its_source() -> None:
    files: dict[str, int | str] = {
        **distribution("mine", {"__editable__.mine-1.0.pth": 9}),
        f"{SITE}/mine-1.0.dist-info/direct_url.json": (
            '{"url": "file:///src/mine", "dir_info": {"editable": true}}'
        ),
        "src/mine/mine/__init__.py": 1_000,
    }
    each = found(files)["mine"]
    assert (each.evidence, each.is_editable, each.direct_url) == (
        "editable",
        True,
        "file:///src/mine",
    )
    assert owned(each) == {"__editable__.mine-1.0.pth"}


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ('{"url": "file:///src", "dir_info": {}}', "file:///src"),
        ('{"url": "https://x.example/a.whl", "archive_info": {}}', "https://x.example/a.whl"),
        ('{"url": "https://user:secret@git.example/a?token=b#c", "vcs_info": {"vcs": "git"}}',
         "https://git.example/a"),
        ('{"url": "ssh://git@git.example:22/a.git"}', "ssh://git.example:22/a.git"),
        ('{"url": 5}', "5"),
        ('{"url": "http://[broken"}', ""),
        ('{"url": null, "dir_info": null}', ""),
        ('{"url": "file:///src", "dir_info": []}', "file:///src"),
        ('{"url": "file:///src", "dir_info": "yes"}', ""),
        ("[1]", ""),
        ("\0\0\0", ""),
        ("[" * 99_999, ""),
    ],
)  # fmt: skip
def test_where_it_came_from_is_told_without_passwords(text: str, url: str) -> None:
    files = distribution("a", {"a.py": 1})
    files[f"{SITE}/a-1.0.dist-info/direct_url.json"] = text
    each = found(files)["a"]
    assert (each.direct_url, each.is_editable, each.evidence) == (url, False, "record")


def test_an_unpacked_egg_owns_all_of_its_folder() -> None:
    egg = f"{SITE}/old_one-0.2-py3.11.egg"
    files: dict[str, int | str] = {
        f"{egg}/EGG-INFO/PKG-INFO": "Name: old-one\nVersion: 0.2\n",
        f"{egg}/EGG-INFO/requires.txt": "six\n",
        f"{egg}/EGG-INFO/top_level.txt": "elsewhere\n",
        f"{egg}/old_one/a.py": 5,
        f"{egg}/old_one/__pycache__/a.cpython-311.pyc": 7,
        f"{SITE}/elsewhere/b.py": 9,
    }
    each = found(files)["old-one"]
    assert (each.evidence, each.version, each.requirements) == ("egg", "0.2", ("six",))
    assert each.files.keys() == {path for path in files if path.startswith(egg)}


@pytest.mark.parametrize("source", ["/src/dev\n.", "/src/dev", "  /link/dev  \n"])
def test_a_development_install_is_known_by_its_link(source: str) -> None:
    files: dict[str, int | str] = {
        f"{SITE}/old-dev.egg-link": source,
        "src/dev/old_dev.egg-info/PKG-INFO": "Name: old-dev\nVersion: 0.1\n",
        "src/dev/old_dev.egg-info/requires.txt": "six\n",
        "src/dev/old_dev.egg-info/SOURCES.txt": "setup.py\nolddev.py\n",
        "src/dev/olddev.py": 100,
    }
    layer = made_layer(files, symlinks={"link": "src"})
    facts = Facts(config=parse_config(b"{}"), filesystem=made_filesystem(layer))
    [each] = facts.distributions
    assert (each.name, each.version, each.evidence) == ("old-dev", "0.1", "editable")
    assert (each.requirements, each.direct_url) == (("six",), "file:///src/dev")
    assert each.files.keys() == {f"{SITE}/old-dev.egg-link"}
    assert [environment.path for environment in facts.environments] == [SITE]


@pytest.mark.parametrize("source", ["", "/gone", "src/dev", "/etc/passwd", "/loop", "\0"])
def test_a_link_to_nothing_is_no_distribution(source: str) -> None:
    layer = made_layer(
        {f"{SITE}/a.egg-link": source, "etc/passwd": 5, f"{SITE}/b.py": 1},
        symlinks={"loop": "loop"},
    )
    facts = Facts(config=parse_config(b"{}"), filesystem=made_filesystem(layer))
    assert facts.distributions == ()


def test_packages_of_sources_stand_in_for_a_top_level() -> None:
    info = f"{SITE}/some_name-1.0.egg-info"
    files: dict[str, int | str] = {
        f"{info}/PKG-INFO": "Name: some-name\nVersion: 1.0\n",
        f"{info}/SOURCES.txt": "setup.py\nsrc/other/__init__.py\nsrc/other/deep/__init__.py\n"
        "tests/__init__.py\n",
        f"{SITE}/other/a.py": 10,
        f"{SITE}/tests/b.py": 20,
    }
    assert owned(found(files)["some-name"]) == {"other/a.py"}
