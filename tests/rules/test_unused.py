"""The rules for a second copy: of an environment, of a Python, of a package."""

from __future__ import annotations

from imgdiag.facts.facts import Facts
from imgdiag.finding import Safety
from imgdiag.rules import duplicate_dist, multiple_pythons, multiple_venvs
from imgdiag.rules.rule import ExampleLayer
from tests.made import distribution, made_facts, only
from tests.system.test_dpkg import debian

BASE = ExampleLayer(created_by="ADD base.tar /", files={"etc/os-release": "ID=debian\n"})
SITE = "lib/python3.11/site-packages"
PYTHON: dict[str, int | str] = {
    "usr/local/bin/python3.11": 7_000_000,
    "usr/local/lib/python3.11/os.py": 40_000,
}


def venv(prefix: str, *names: str, size: int = 1_000_000) -> dict[str, int | str]:
    files: dict[str, int | str] = {
        f"{prefix}/pyvenv.cfg": "home = /usr/local/bin\n",
        f"{prefix}/bin/python": 0,
    }
    for name in names:
        files |= distribution(name, {f"{name}.py": size}, site=f"{prefix}/{SITE}")
    return files


def image(
    *layers: dict[str, int | str], command: tuple[str, ...], base: ExampleLayer = BASE
) -> Facts:
    made = [ExampleLayer(created_by=f"RUN step {index}", files=files)
            for index, files in enumerate(layers)]  # fmt: skip
    return made_facts(base, *made, command=command)


RUN_APP = ("/app/.venv/bin/python", "main.py")


def test_an_environment_that_is_not_used() -> None:
    facts = image(PYTHON, venv("opt/poetry", "poetry"), venv("app/.venv", "flask"), command=RUN_APP)
    finding = only(multiple_venvs.RULE, facts)
    assert finding.safety is Safety.REVIEW
    assert not finding.informational
    assert finding.message == (
        "1.0 MB in /opt/poetry, an environment that the image does not use: "
        "CMD /app/.venv/bin/python is /app/.venv/bin/python, in /app/.venv"
    )
    assert finding.fix.snippet == (
        "RUN step 1 \\\n && rm -rf \\\n    /opt/poetry/bin \\\n    /opt/poetry/lib \\\n"
        "    /opt/poetry/pyvenv.cfg"
    )


def test_a_project_in_the_environments_own_folder_stays() -> None:
    files = {**venv("app", "flask"), "app/main.py": 5_000_000, "app/data/x": 9_000_000}
    facts = image(PYTHON, files, venv("srv/venv", "django"), command=("/srv/venv/bin/python", "x"))
    finding = only(multiple_venvs.RULE, facts)
    paths = set(finding.claim.sizes)
    assert {path.split("/")[1] for path in paths} == {"bin", "lib", "pyvenv.cfg"}


def test_a_named_environment_of_condas_goes_as_a_whole() -> None:
    def conda(prefix: str, name: str) -> dict[str, int | str]:
        return {
            f"{prefix}/conda-meta/history": "",
            f"{prefix}/bin/python3.12": 9,
            f"{prefix}/lib/python3.12/os.py": 9,
            **distribution(name, {f"{name}.py": 5_000_000},
                           site=f"{prefix}/lib/python3.12/site-packages"),
        }  # fmt: skip

    facts = image(
        conda("opt/conda", "conda"),
        {**conda("opt/conda/envs/one", "flask"), "opt/conda/envs/one/share/x": 3},
        conda("opt/conda/envs/two", "django"),
        command=("/opt/conda/envs/two/bin/python3.12", "x.py"),
    )
    finding = only(multiple_venvs.RULE, facts)
    assert finding.message.startswith("5.0 MB in /opt/conda/envs/one, ")
    assert "rm -rf \\\n    /opt/conda/envs/one" in finding.fix.snippet
    assert "opt/conda/envs/one/share/x" in set(finding.claim.sizes)


def test_where_nothing_is_known_nothing_is_found() -> None:
    facts = image(
        PYTHON, venv("opt/one", "a"), venv("opt/two", "a"), {"usr/lib/python3.9/os.py": 5},
        command=("/start.sh",),
    )  # fmt: skip
    for rule in (multiple_venvs.RULE, multiple_pythons.RULE, duplicate_dist.RULE):
        assert list(rule.run(facts)) == []


def test_an_environment_of_the_base_is_told_and_not_counted() -> None:
    base = ExampleLayer(created_by="ADD base.tar /", files=venv("opt/tool", "tool"))
    facts = image(PYTHON, venv("app/.venv", "flask"), command=RUN_APP, base=base)
    assert only(multiple_venvs.RULE, facts).informational


def test_debians_python_is_claimed_by_its_packages() -> None:
    lists = {
        "python3.9-minimal": "/usr/bin/python3.9\n/usr/lib/python3.9/os.py\n",
        "libpython3.9-stdlib:amd64": "/usr/lib/python3.9/json/a.py\n/usr/share/doc/stdlib\n",
        "git": "/usr/bin/git\n",
    }
    files = {"usr/bin/python3.9": 5_000_000, "usr/lib/python3.9/os.py": 40_000,
             "usr/lib/python3.9/json/a.py": 900_000, "usr/share/doc/stdlib": 7,
             "usr/bin/git": 3_000_000, "usr/lib/python3.9/mine.py": 1}  # fmt: skip
    facts = image(debian(lists, files), PYTHON, command=("/usr/local/bin/python3.11", "x.py"))
    finding = only(multiple_pythons.RULE, facts)
    assert finding.bytes == 5_940_007
    assert finding.message == (
        "5.9 MB of Python 3.9 in /usr/lib/python3.9, which the image does not use: "
        "CMD /usr/local/bin/python3.11 is /usr/local/bin/python3.11, with "
        "/usr/local/bin/python3.11. It came as python3.9-minimal, libpython3.9-stdlib (dpkg)"
    )
    assert finding.fix.snippet == (
        "# in a container of this image: "
        "apt-cache rdepends --installed libpython3.9-stdlib python3.9-minimal\n"
        "RUN apt-get install -y --no-install-recommends <without what wants it>"
    )


def test_a_python_beside_other_things_loses_its_own_parts_alone() -> None:
    other: dict[str, int | str] = {
        "opt/tools/bin/python3.12": 5_000_000,
        "opt/tools/lib/python3.12/os.py": 40_000,
        "opt/tools/lib/python3.12/site-packages/x.py": 60_000,
        "opt/tools/lib/libpython3.12.so.1.0": 900_000,
        "opt/tools/include/python3.12/Python.h": 1_000,
        "opt/tools/bin/node": 90_000_000,
    }
    facts = image(PYTHON, other, command=("/usr/local/bin/python3.11", "x.py"))
    finding = only(multiple_pythons.RULE, facts)
    assert finding.bytes == 6_001_000
    assert finding.fix.snippet.startswith("RUN step 1 \\\n && rm -rf \\\n    /opt/tools/bin/python")


def test_a_python_of_the_base_is_told_and_not_counted() -> None:
    base = ExampleLayer(created_by="ADD base.tar /", files=PYTHON)
    other = {"opt/py/bin/python3.12": 5, "opt/py/lib/python3.12/os.py": 40_000}
    facts = image(dict(other), command=("/opt/py/bin/python3.12", "x.py"), base=base)
    finding = only(multiple_pythons.RULE, facts)
    assert finding.informational
    assert finding.message.endswith(
        "with the base image, where an rm in a later layer frees nothing"
    )
    assert finding.fix.snippet == "FROM <a base with one Python>"


def test_packages_of_the_system_that_the_project_has_too() -> None:
    local = f"usr/local/{SITE}"
    both = {**distribution("torch", {"torch.so": 2_000_000}, site=local),
            **distribution("six", {"six.py": 30_000}, site=local),
            **distribution("only-here", {"here.py": 99}, site=local)}  # fmt: skip
    facts = image(PYTHON, both, venv("app/.venv", "torch", "six"), command=RUN_APP)
    finding = only(duplicate_dist.RULE, facts)
    assert finding.message == (
        "2.0 MB in /usr/local/lib/python3.11/site-packages: 2 packages that /app/.venv has too, "
        "and the image uses that one (CMD /app/.venv/bin/python is /app/.venv/bin/python); "
        "the largest: torch 2.0 MB, six 30.1 kB"
    )
    assert finding.fix.snippet == (
        "RUN step 1 \\\n && /usr/local/bin/python3.11 -m pip uninstall --yes torch six"
    )
    assert not {path for path in finding.claim.sizes if "only" in path or "here" in path}


def test_what_another_rule_takes_whole_is_not_told_twice() -> None:
    facts = image(
        PYTHON,
        venv("opt/old", "torch"),
        {"opt/py/bin/python3.11": 5, "opt/py/lib/python3.11/os.py": 40_000,
         **distribution("torch", {"torch.so": 7}, site=f"opt/py/{SITE}")},
        venv("app/.venv", "torch"),
        command=RUN_APP,
    )  # fmt: skip
    assert list(duplicate_dist.RULE.run(facts)) == []
    assert len(list(multiple_venvs.RULE.run(facts))) == 1
    assert len(list(multiple_pythons.RULE.run(facts))) == 1


def test_names_that_break_out_of_a_line_stay_out_of_the_mend() -> None:
    lists = {"evil\nRUN rm -rf": "/usr/bin/python3.9\n", "python3.9": "/usr/lib/python3.9/os.py\n"}
    files = {"usr/bin/python3.9": 5_000_000, "usr/lib/python3.9/os.py": 40_000}
    facts = image(debian(lists, files), PYTHON, command=("/usr/local/bin/python3.11", "x.py"))
    finding = only(multiple_pythons.RULE, facts)
    assert finding.fix.snippet.startswith(
        "# in a container of this image: apt-cache rdepends --installed python3.9\nRUN apt-get"
    )
    prefix = "opt/a;\nb"
    facts = image(
        {f"{prefix}/bin/python3.11": 5, f"{prefix}/lib/python3.11/os.py": 40_000},
        distribution("six; reboot", {"six.py": 30_000}, site=f"{prefix}/{SITE}"),
        venv("app/.venv", "six; reboot"),
        PYTHON,
        command=RUN_APP,
    )
    for finding in (*duplicate_dist.RULE.run(facts), *multiple_pythons.RULE.run(facts)):
        assert "b/bin" not in finding.fix.snippet
