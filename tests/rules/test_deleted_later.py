from __future__ import annotations

import pytest

from imgdiag.finding import Finding, Safety
from imgdiag.rules._installed import installed
from imgdiag.rules.deleted_later import RULE
from imgdiag.rules.rule import ExampleLayer
from tests.made import made_facts, only

CLEAN = "RUN /bin/sh -c rm -rf /data/junk # buildkit"


def found(creator: str, cleaner: str = CLEAN, path: str = "data/junk") -> Finding:
    return only(
        RULE,
        made_facts(
            ExampleLayer(created_by=creator, files={path: 5_000_000, "data/kept": 10}),
            ExampleLayer(created_by=cleaner, deletes=(path,)),
        ),
    )


def test_made_by_a_run_is_cleaned_in_that_run() -> None:
    finding = found("RUN /bin/sh -c make data # buildkit")
    assert finding.fix.snippet == (
        "# keep the --mount flags of your own RUN: an image does not record them\n"
        "RUN make data \\\n && rm -rf /data/junk"
    )
    assert not finding.informational
    assert finding.safety is Safety.SAFE
    assert finding.claim.visible_bytes == 0
    assert "made by layer 0 (RUN make data), deleted by layer 1 (RUN rm -rf" in finding.message


@pytest.mark.parametrize(
    "command", ["find . -name a -delete || true", "rm a; rm b", "rm a & rm b", "rm -r a || :"]
)
def test_a_command_that_hides_failures_is_put_in_parentheses(command: str) -> None:
    finding = found("RUN make data", f"RUN /bin/sh -c {command} # buildkit")
    assert finding.fix.snippet == f"RUN make data \\\n && ( {command} )"


def test_a_command_joined_by_and_alone_needs_no_parentheses() -> None:
    finding = found("RUN make data", "RUN /bin/sh -c rm -r a && rm -r b")
    assert finding.fix.snippet == "RUN make data \\\n && rm -r a && rm -r b"


def test_made_by_a_copy_is_cleaned_in_the_build_stage() -> None:
    finding = found("COPY /build/data /data # buildkit")
    assert "before the files are copied" in finding.fix.summary
    assert finding.fix.snippet == (
        "# at the end of the stage that makes the files\nRUN rm -rf /data/junk"
    )


@pytest.mark.parametrize("creator", ["/bin/sh -c #(nop) CMD x", "Imported from -", ""])
def test_made_by_the_base_asks_for_another_base(creator: str) -> None:
    finding = found(creator)
    assert finding.fix.snippet.startswith("FROM ")
    assert "base" in finding.fix.summary
    assert finding.informational


@pytest.mark.parametrize("cache", ["root/.cache/pip", "root/.cache/uv", "root/.npm"])
def test_a_deleted_cache_is_mounted_instead(cache: str) -> None:
    finding = found(
        "RUN /bin/sh -c pip install -r a.txt", "RUN rm -rf /root/.cache", f"{cache}/http/x"
    )
    assert finding.fix.snippet == (
        f"RUN --mount=type=cache,target=/{cache} \\\n    pip install -r a.txt"
    )
    assert "and drop 'RUN" in finding.fix.summary


def test_a_cache_among_much_else_is_no_cache() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN build", files={"root/.cache/pip/a": 50, "tmp/b": 50}),
        ExampleLayer(created_by="RUN rm -rf /root /tmp", deletes=("root", "tmp")),
    )
    assert "--mount" not in only(RULE, facts).fix.snippet


def test_each_pair_of_layers_is_a_finding_of_its_own() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN a", files={"a": 30}),
        ExampleLayer(created_by="RUN b", files={"b": 20, "c": 7}),
        ExampleLayer(created_by="RUN rm a b", deletes=("a", "b")),
        ExampleLayer(created_by="RUN rm c", deletes=("c",)),
    )
    assert [finding.bytes for finding in RULE.run(facts)] == [30, 20, 7]


def test_a_hard_link_that_is_left_keeps_its_bytes() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN a", files={"a": 30}, links={"b": "a"}),
        ExampleLayer(created_by="RUN rm a", deletes=("a",)),
    )
    assert not list(RULE.run(facts))


def test_a_hard_link_that_goes_with_its_last_name_counts_once() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN a", files={"a": 30}, links={"b": "a"}),
        ExampleLayer(created_by="RUN rm a b", deletes=("a", "b")),
    )
    assert only(RULE, facts).bytes == 30


@pytest.mark.parametrize(
    ("command", "caution"),
    [
        ("find .venv -type d -name tests -exec rm -r {} +", "numpy's tests"),
        ("find .venv -name 'docs' -exec rm -r {} +", "botocore.docs"),
        ("find .venv -name __pycache__ -exec rm -r {} +", ""),
        ("rm -r /app/tests", ""),
    ],
)
@pytest.mark.parametrize("creator", ["RUN make", "COPY /a /a"])
def test_a_blanket_clean_up_is_not_recommended_without_a_word(
    command: str, caution: str, creator: str
) -> None:
    snippet = found(creator, f"RUN {command}").fix.snippet
    assert command in snippet
    assert ("# careful" in snippet) == bool(caution)
    assert caution in snippet


def used_between(*between: ExampleLayer, path: str = "usr/bin/gcc") -> Finding:
    return only(
        RULE,
        made_facts(
            ExampleLayer(created_by="RUN install gcc", files={path: 5_000_000}),
            *between,
            ExampleLayer(created_by="RUN purge gcc", deletes=(path,)),
        ),
    )


def test_what_a_run_in_between_may_use_is_not_deleted_before_it() -> None:
    make = ExampleLayer(created_by="RUN make a", files={"app/a": 5})
    finding = used_between(make)
    assert finding.fix.snippet == "RUN install gcc \\\n && make a \\\n && purge gcc"
    assert finding.fix.summary == (
        "Make, use and delete the files in one RUN, or in a stage of their own, and drop "
        "'RUN make a' and 'RUN purge gcc'"
    )


def test_what_is_copied_in_between_comes_before_the_one_run() -> None:
    copy = ExampleLayer(created_by="COPY src src", files={"app/src": 5})
    make = [ExampleLayer(created_by=f"RUN make {name}", files={name: 5}) for name in "ab"]
    finding = used_between(make[0], copy, make[1])
    assert finding.fix.snippet == (
        "# where the last of them was, below the COPYs\n"
        "RUN install gcc \\\n && make a \\\n && make b \\\n && purge gcc"
    )
    assert finding.fix.summary.endswith("drop 'RUN make a', 'RUN make b' and 'RUN purge gcc'")


def test_a_run_in_between_that_stores_nothing_stays_where_it_is() -> None:
    other = ExampleLayer(created_by="RUN rm -rf /nothing", files={})
    copy = ExampleLayer(created_by="COPY src src", files={"app/src": 5})
    assert used_between(other, copy).fix.snippet == "RUN install gcc \\\n && purge gcc"


@pytest.mark.parametrize(
    ("path", "command", "alone"),
    [
        ("app/__pycache__/a.pyc", "make a", True),
        ("home/a/.cache/x", "make a", True),
        ("var/cache/apt/pkgcache.bin", "make a", True),
        ("app/tests/a.py", "make a", True),
        ("var/lib/apt/lists/a", "make a", True),
        ("var/lib/apt/lists/a", "apt-get -y install curl", False),
        ("usr/src/a.c", "make a", False),
    ],
)
def test_what_no_run_needs_is_deleted_at_once(path: str, command: str, alone: bool) -> None:
    make = ExampleLayer(created_by=f"RUN {command}", files={"app/a": 5})
    snippet = used_between(make, path=path).fix.snippet
    assert snippet == "RUN install gcc \\\n" + f" && {command} \\\n" * (not alone) + " && purge gcc"


SITE = "app/.venv/lib/python3.11/site-packages"
BLANKET = "find .venv -type d -name tests -exec rm -r {} +"


def with_numpy(
    version: str,
    command: str = BLANKET,
    creator: str = "RUN make",
    path: str = "numpy/_core/tests/_natype.py",
) -> Finding:
    folder = f"{SITE}/{path}".rpartition("/")[0]
    numpy = installed("numpy", version, {"numpy/__init__.py": 10, path: 5_000_000})
    return only(
        RULE,
        made_facts(
            ExampleLayer(created_by=creator, files=numpy),
            ExampleLayer(created_by=f"RUN {command}", deletes=(folder,)),
        ),
    )


@pytest.mark.parametrize(
    ("command", "mended"),
    [
        (BLANKET, "find .venv -type d -name tests{} -exec rm -r {{}} +"),
        (
            "find / \\( -name 'tests' -o -name docs \\) -exec rm -r {} +",
            "find / \\( -name 'tests'{} -o -name docs \\) -exec rm -r {{}} +",
        ),
        ("find / -iname Tests | xargs rm -r", "find / -iname Tests{} | xargs rm -r"),
    ],
)
@pytest.mark.parametrize("creator", ["RUN make", "COPY /a /a", "ADD a.tar /"])
def test_a_clean_up_spares_what_an_installed_package_imports(
    command: str, mended: str, creator: str
) -> None:
    finding = with_numpy("2.2.6", command, creator)
    assert mended.format(" ! -path '*/numpy/_core/tests'") in finding.fix.snippet
    assert (
        "# numpy/_core/tests is left out: numpy.testing of numpy 2.2 imports it, and so scipy does"
        in finding.fix.snippet
    )
    assert "careful" not in finding.fix.snippet
    assert (finding.safety, finding.bytes) == (Safety.SAFE, 5_000_000)


@pytest.mark.parametrize("version", ["1.26.4", "2.1.3", "2.3.0", "2.20.1"])
def test_other_versions_of_numpy_do_without_their_tests(version: str) -> None:
    finding = with_numpy(version)
    assert finding.fix.snippet == f"RUN make \\\n && {BLANKET}"
    assert finding.safety is Safety.SAFE


@pytest.mark.parametrize(
    "command",
    [
        "sh -c 'find . -name tests -exec rm -r {} +'",
        "rm -r .venv/lib/python3.11/site-packages/*/*/tests",
    ],
)
def test_a_clean_up_that_cannot_be_mended_is_for_review(command: str) -> None:
    finding = with_numpy("2.2.6", command)
    assert f"&& {command}" in finding.fix.snippet
    assert "# careful: this takes numpy/_core/tests: numpy.testing" in finding.fix.snippet
    assert finding.safety is Safety.REVIEW


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (f"{BLANKET[:-13]} ! -path '*/numpy/_core/tests' -delete", "numpy/a/tests/a.py"),
        ("find / ! -name tests -delete", "numpy/a/a.py"),
        ("find / -name '*.pyc' -delete", "numpy/_core/tests/a.pyc"),
    ],
)
def test_a_clean_up_that_spares_it_already_stays_as_it_is(command: str, path: str) -> None:
    finding = with_numpy("2.2.6", command, path=path)
    assert finding.fix.snippet == f"RUN make \\\n && {command}"
    assert finding.safety is Safety.SAFE


def test_what_is_joined_spares_it_too() -> None:
    numpy = installed("numpy", "2.2.6", {"numpy/_core/tests/a.py": 9, "numpy/a.so": 5_000_000})
    facts = made_facts(
        ExampleLayer(created_by="RUN install", files=numpy),
        ExampleLayer(created_by="RUN make a", files={"app/a": 5}),
        ExampleLayer(
            created_by=f"RUN {BLANKET}",
            deletes=(f"{SITE}/numpy/_core/tests", f"{SITE}/numpy/a.so"),
        ),
    )
    assert only(RULE, facts).fix.snippet == (
        "# numpy/_core/tests is left out: numpy.testing of numpy 2.2 imports it, and so scipy does"
        "\nRUN install \\\n && make a \\\n && find .venv -type d -name tests "
        "! -path '*/numpy/_core/tests' -exec rm -r {} +"
    )
