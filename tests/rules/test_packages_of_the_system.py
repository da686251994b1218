"""compilers, recommends and full-base-image: which packages of the system go, which stay."""

from __future__ import annotations

import pytest

from imgdiag.finding import Safety
from imgdiag.rules import compilers, full_base_image, recommends
from imgdiag.rules._debian import debian
from imgdiag.rules.rule import ExampleLayer
from tests.made import distribution, facts_of, made_facts, only

INSTALL = "RUN /bin/sh -c apt-get install -y things"


def sizes(*names: str) -> dict[str, dict[str, int]]:
    return {name: {f"usr/lib/{name}": 1_000 + len(name)} for name in names}


def gone(names: tuple[str, ...], fields: dict[str, str] | None = None) -> set[str]:
    facts = facts_of(debian(sizes(*names), fields), INSTALL)
    return {
        path.rpartition("/")[2]
        for finding in compilers.RULE.run(facts)
        for path in finding.claim.sizes
    }


@pytest.mark.parametrize(
    "name",
    ["gcc", "gcc-12", "g++-12", "cpp-12", "gcc-12-base", "x-dev", "libstdc++-12-dev", "make",
     "clang-14", "rustc", "golang-1.19", "llvm-14", "binutils", "binutils-x86-64-linux-gnu",
     "build-essential", "dpkg-dev", "linux-headers-6.1", "cmake", "pkg-config", "musl-dev"],
)  # fmt: skip
def test_tools(name: str) -> None:
    assert gone((name, "bash")) == {name}


@pytest.mark.parametrize(
    "name",
    ["bash", "libgcc-s1", "libstdc++6", "libgomp1", "gccfilter", "makedev", "libpq5", "perl",
     "python3.11", "libllvm14", "golangci", "device-tree"],
)  # fmt: skip
def test_what_is_no_tool(name: str) -> None:
    assert not gone((name, "bash"))


def test_tools_that_others_require_stay_with_what_they_require() -> None:
    assert gone(
        ("app", "make", "gcc", "gcc-12", "cpp-12", "x-dev"),
        {"app": "Depends: gcc", "gcc": "Depends: gcc-12", "gcc-12": "Depends: cpp-12"},
    ) == {"make", "x-dev"}


def test_compilers_own_libraries_go_with_all_that_require_them() -> None:
    names = ("gcc-12", "libisl23", "libmpfr6", "gdb", "libgomp1", "libmpc3")
    fields = {
        "gcc-12": "Depends: libisl23, libmpfr6, libgomp1",
        "gdb": "Depends: libmpfr6",
        "libisl23": "Depends: libmpc3",
    }
    assert gone(names, fields) == {"gcc-12", "libisl23", "libmpc3"}


def test_a_library_without_its_compiler_is_no_finding() -> None:
    assert not gone(("libmpfr6", "gdb"), {"gdb": "Depends: libmpfr6"})


def test_an_environment_is_copied_from_a_stage_of_its_own() -> None:
    files = {
        **debian(sizes("gcc")),
        "app/.venv/pyvenv.cfg": "version = 3.11.2\n",
        **distribution("triton"),
    }
    finding = only(compilers.RULE, facts_of(files, INSTALL))
    assert finding.fix.snippet.endswith("FROM <your base>\nCOPY --from=build /app/.venv /app/.venv")
    assert "RUN apt-get install -y things\n" in finding.fix.snippet
    assert finding.message.endswith("but triton may compile as the service runs")
    assert finding.safety is Safety.REVIEW


def test_without_an_environment_wheels_are_installed() -> None:
    finding = only(compilers.RULE, facts_of(debian(sizes("gcc")), INSTALL))
    assert "pip wheel" in finding.fix.snippet
    assert "triton" not in finding.message


def test_the_base_images_compilers_are_another_rules() -> None:
    facts = made_facts(ExampleLayer(created_by="Imported from -", files=debian(sizes("gcc"))))
    assert not list(compilers.RULE.run(facts))


def test_apks_packages() -> None:
    gcc, busybox = "P:gcc\nV:13\nF:usr/bin\nR:gcc\n", "P:busybox\nV:1\nF:bin\nR:busybox\n"
    files: dict[str, int | str] = {
        "lib/apk/db/installed": f"{gcc}\n{busybox}\n",
        "usr/bin/gcc": 9,
        "bin/busybox": 5,
    }
    assert only(compilers.RULE, facts_of(files, "RUN apk add gcc")).bytes == 9


def recommended(
    fields: dict[str, str], automatic: tuple[str, ...], names: tuple[str, ...] = tuple("abcd")
) -> set[str]:
    facts = facts_of(debian(sizes(*names), fields, automatic), INSTALL)
    return {
        path.rpartition("/")[2]
        for finding in recommends.RULE.run(facts)
        for path in finding.claim.sizes
    }


def test_what_a_recommended_package_requires_comes_with_it() -> None:
    fields = {"a": "Recommends: b", "b": "Depends: c"}
    assert recommended(fields, ("b", "c")) == {"b", "c"}


def test_what_somebody_asked_for_or_requires_stays() -> None:
    fields = {"a": "Recommends: b", "b": "Depends: c", "d": "Depends: c"}
    assert recommended(fields, ("b", "c")) == {"b"}
    assert not recommended(fields, ("c",))


def test_what_nobody_recommends_came_some_other_way() -> None:
    assert not recommended({"a": "Suggests: b"}, ("b",))


def test_essential_packages_stay() -> None:
    assert not recommended({"a": "Recommends: b", "b": "Essential: yes"}, ("b",))


def test_without_apts_records_nothing_is_said() -> None:
    assert not recommended({"a": "Recommends: b"}, ())


FULL = ("imagemagick", "mercurial", "subversion", "libpq-dev", "libdb-dev", "unzip", "libssl3")
ROOT = "/bin/sh -c #(nop) ADD file:" + "a" * 64 + " in / "


def image(names: tuple[str, ...], **environment: str) -> list[ExampleLayer]:
    return [
        ExampleLayer(created_by=ROOT, files={"etc/os-release": 'VERSION_CODENAME="trixie"\n'}),
        ExampleLayer(created_by="RUN apt-get install -y …", files=debian(sizes(*names))),
        ExampleLayer(created_by='CMD ["python3"]'),
        ExampleLayer(created_by="RUN pip install .", files={"app/a.py": 5}),
    ]


def test_the_full_image_has_its_slim_tag() -> None:
    facts = made_facts(*image(FULL), environment={"PYTHON_VERSION": "3.12.4"})
    finding = only(full_base_image.RULE, facts)
    assert finding.fix.snippet == "# in place of python:3.12.4\nFROM python:3.12.4-slim-trixie"
    assert not finding.informational
    assert finding.claim.layers == (1,)
    assert finding.bytes == sum(1_000 + len(name) for name in FULL if name != "libssl3")


@pytest.mark.parametrize(
    ("names", "environment"),
    [(FULL, {}), (FULL[1:], {"PYTHON_VERSION": "3.12.4"}), ((), {"PYTHON_VERSION": "3.12.4"})],
)
def test_other_bases(names: tuple[str, ...], environment: dict[str, str]) -> None:
    assert not list(full_base_image.RULE.run(made_facts(*image(names), environment=environment)))


def test_a_version_that_is_none_is_not_put_into_a_tag() -> None:
    facts = made_facts(*image(FULL), environment={"PYTHON_VERSION": "3\nRUN evil"})
    assert only(full_base_image.RULE, facts).fix.snippet == (
        "# in place of python:<version>\nFROM python:<version>-slim"
    )
