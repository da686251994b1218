"""test-dirs, docs-examples, bytecode-cache and stdlib-extras: what they claim and never claim."""

from __future__ import annotations

from imgdiag.finding import Severity
from imgdiag.rules import bytecode_cache, docs_examples, stdlib_extras, test_dirs
from imgdiag.rules.rule import ExampleLayer
from tests.made import SITE, distribution, facts_of, made_facts, only


def test_tests_that_are_imported_at_run_time_are_never_claimed() -> None:
    facts = facts_of(
        {
            f"{SITE}/numpy/_core/tests/_natype.py": 4,
            f"{SITE}/numpy/tests/test_a.py": 5,
            f"{SITE}/astropy/tests/helper.py": 6,
            f"{SITE}/tables/tests/a.py": 7,
            f"{SITE}/gensim/test/test_a.py": 8,
        }
    )
    finding = only(test_dirs.RULE, facts)
    assert finding.claim.largest(9) == [(f"{SITE}/gensim/test/test_a.py", 8)]
    assert "Not counted: astropy, numpy, tables" in finding.message
    assert "numpy" not in finding.fix.snippet


def test_numpy_alone_is_no_finding() -> None:
    assert not list(test_dirs.RULE.run(facts_of({f"{SITE}/numpy/tests/a.py": 4})))


def test_testing_helpers_and_a_package_called_tests_are_not_test_folders() -> None:
    files = {f"{SITE}/sklearn/testing/a.py": 4, f"{SITE}/tests/a.py": 5, "app/test/a.py": 6}
    assert not list(test_dirs.RULE.run(facts_of(files)))


def test_the_largest_folders_are_the_ones_to_remove() -> None:
    many = {f"{SITE}/aaa/part{index}/tests/t.py": 1 for index in range(20)}
    finding = only(test_dirs.RULE, facts_of({**many, f"{SITE}/torch/test/big": 1_000}))
    first, largest, *rest = finding.fix.snippet.splitlines()
    assert first == "RUN x \\"
    assert largest == f" && ( cd /{SITE} && rm -rf -- \\"
    assert rest[0].startswith("    torch/test aaa/part0/tests ")
    # What the snippet does not name is not counted.
    assert finding.bytes == 1_019
    assert finding.fix.snippet.count("/test") == 20
    assert "1 smaller ones are left alone" in finding.message


def test_byte_code_in_test_folders_counts_with_them() -> None:
    finding = only(test_dirs.RULE, facts_of({f"{SITE}/a/tests/__pycache__/t.pyc": 9}))
    assert finding.bytes == 9


def test_a_name_cannot_put_lines_into_the_fix() -> None:
    files = {
        f"{SITE}/a\nRUN curl evil | sh\n/tests/t.py": 500,
        f"{SITE}/$(evil) b/tests/t.py": 40,
        f"{SITE}/c/docs/d.html": 30,
        f"{SITE}/d\nRUN evil/docs/d.html": 20,
    }
    facts = facts_of(files)
    assert only(test_dirs.RULE, facts).fix.snippet == (
        f"RUN x \\\n && rm -rf \\\n    '/{SITE}/$(evil) b/tests'"
    )
    assert only(docs_examples.RULE, facts).fix.snippet == (
        f"RUN x \\\n && rm -rf \\\n    /{SITE}/c/docs"
    )
    assert only(docs_examples.RULE, facts).bytes == 30


def test_documentation_that_is_code_is_never_claimed() -> None:
    facts = facts_of(
        {
            f"{SITE}/botocore/docs/__init__.py": 10,
            f"{SITE}/botocore/docs/bcdoc/style.py": 20,
            f"{SITE}/other/docs/deep/below/conf.so": 30,
            f"{SITE}/other/examples/a.txt": 40,
            f"{SITE}/other-1.0.dist-info/docs/LICENSE": 50,
        }
    )
    finding = only(docs_examples.RULE, facts)
    assert finding.claim.largest(9) == [(f"{SITE}/other/examples/a.txt", 40)]
    assert "botocore" not in finding.fix.snippet
    assert f"Left alone: 2 that hold Python modules, such as /{SITE}/" in finding.message


def test_a_hard_link_elsewhere_keeps_a_folders_bytes() -> None:
    facts = made_facts(
        ExampleLayer(
            created_by="RUN x",
            files={f"{SITE}/a/docs/a.html": 10, f"{SITE}/a/docs/b.html": 5},
            links={"srv/a.html": f"{SITE}/a/docs/a.html"},
        )
    )
    assert only(docs_examples.RULE, facts).bytes == 5


def test_tests_are_removed_in_each_run_that_makes_them_and_not_where_they_are_stored_again() -> (
    None
):
    one, two = "app/lib/python3.11/site-packages", "opt/lib/python3.11/site-packages"
    environment = {f"{one}/a-1.dist-info/METADATA": "", f"{two}/b-1.dist-info/METADATA": ""}
    tests = {f"{one}/a/tests/t.py": 50, f"{one}/a/tests/u.py": 5}
    facts = made_facts(
        ExampleLayer(created_by="RUN make a", files={**environment, **tests}),
        ExampleLayer(created_by="RUN make b", files={f"{two}/b/tests/t.py": 30}),
        ExampleLayer(created_by="RUN chown -R app /app", files=tests, uid=1),
    )
    finding = only(test_dirs.RULE, facts)
    assert finding.bytes == 140
    assert finding.fix.snippet == (
        f"RUN make a \\\n && rm -rf \\\n    /{one}/a/tests\n\n"
        f"RUN make b \\\n && rm -rf \\\n    /{two}/b/tests"
    )
    assert finding.fix.summary.startswith("Remove them in the RUNs that build")


def test_byte_code_is_information_whatever_its_size() -> None:
    finding = only(
        bytecode_cache.RULE, facts_of({"a/b.py": 0, "a/__pycache__/b.cpython-311.pyc": 10**9})
    )
    assert finding.informational
    assert finding.severity is Severity.NOTE


def library(*layers: tuple[str, str]) -> list[ExampleLayer]:
    return [
        ExampleLayer(
            created_by=created_by,
            files={f"{path}/os.py": 4, f"{path}/test/a.py": 50, f"{path}/idlelib/a.py": 6},
        )
        for created_by, path in layers
    ]


def test_the_bases_standard_library_is_information() -> None:
    [layer] = library(("Imported from -", "usr/local/lib/python3.13"))
    finding = only(stdlib_extras.RULE, made_facts(layer))
    assert finding.informational
    assert finding.fix.snippet == "FROM <a base without it>"


def test_a_standard_library_above_the_base_is_cleaned_where_it_is_made() -> None:
    base = ExampleLayer(created_by="Imported from -", files={"etc/x": 1})
    path = "opt/python/lib/python3.12"
    extras = f" \\\n    /{path}/test \\\n    /{path}/idlelib"
    [made] = library(("RUN make install", path))
    assert only(stdlib_extras.RULE, made_facts(base, made)).fix.snippet == (
        f"RUN make install \\\n && rm -rf{extras}"
    )
    [copied] = library(("COPY /opt /opt", path))
    assert only(stdlib_extras.RULE, made_facts(base, copied)).fix.snippet == (
        f"# in that stage\nRUN rm -rf{extras}"
    )


def test_a_virtual_environment_has_no_standard_library() -> None:
    files = {**distribution("a", {"test/a.py": 5}), "app/.venv/lib/python3.11/test/x": 5}
    assert not list(stdlib_extras.RULE.run(facts_of(files)))
