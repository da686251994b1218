"""test-dirs, docs-examples, test-dirs-referenced and docs-examples-blanket, sources read or not."""

from __future__ import annotations

from imgdiag.finding import Safety, Severity
from imgdiag.prediction import predict
from imgdiag.rules import (
    docs_examples,
    docs_examples_blanket,
    find_all,
    test_dirs,
    test_dirs_referenced,
)
from imgdiag.rules._example import example_facts
from imgdiag.rules.rule import Example, ExampleLayer
from tests.made import SITE, distribution, facts_of, made_checked, made_facts, only

FILES: dict[str, int | str] = {
    f"{SITE}/gensim/test/test_a.py": "import gensim\n" * 10,
    f"{SITE}/gensim/test/data.txt": 1_000,
    f"{SITE}/pandas/tests/test_b.py": "import pandas\n",
    f"{SITE}/pandas/util/a.py": "x = join(here, 'tests')\n",
    f"{SITE}/numpy/_core/tests/_natype.py": "pd_NA = None\n",
    f"{SITE}/numpy/testing/a.py": "\nfrom numpy._core.tests._natype import pd_NA\n",
}


def test_without_sources_all_is_for_review_and_the_option_is_named() -> None:
    facts = facts_of(FILES)
    finding = only(test_dirs.RULE, facts)
    assert finding.safety is Safety.REVIEW
    assert finding.message.endswith(". --check-imports proves which of them nothing imports")
    assert not list(test_dirs_referenced.RULE.run(facts))


def test_what_is_proven_is_safe_and_the_rest_says_why_not() -> None:
    safe, review = test_dirs.RULE.run(made_checked(FILES))
    assert (safe.safety, safe.bytes) == (Safety.SAFE, 1_140)
    assert safe.message == (
        "1.1 kB of packages' own tests and benchmarks in 1 folder that nothing in the image "
        "imports or names; the most in gensim 1.1 kB"
    )
    assert safe.fix.snippet.endswith(f"RUN rm -rf \\\n    /{SITE}/gensim/test")
    assert (review.safety, review.bytes) == (Safety.REVIEW, 14)
    assert review.message == (
        "14 B of packages' own tests and benchmarks in 1 folder that something may need, as "
        f"/{SITE}/pandas/util/a.py:1: x = join(here, 'tests'); the most in pandas 14 B"
    )
    assert "then run your own tests" in review.fix.summary


def test_what_is_imported_is_information_with_the_line_that_needs_it() -> None:
    finding = only(test_dirs_referenced.RULE, made_checked(FILES))
    assert finding.safety is Safety.RISKY
    assert finding.informational
    assert finding.bytes == 13
    assert finding.fix.snippet == (
        f"# keep /{SITE}/numpy/_core/tests\n"
        f"#   /{SITE}/numpy/testing/a.py:2: from numpy._core.tests._natype import pd_NA"
    )


def test_only_what_is_proven_counts_as_safe_in_the_prediction() -> None:
    facts = made_checked(FILES)
    prediction = predict(facts, find_all(facts))
    assert prediction.safe.bytes == 1_140
    assert prediction.review.bytes == 1_154


def test_with_something_unread_nothing_is_safe_and_the_message_says_what() -> None:
    facts = made_checked({**FILES, "srv/app.pyc": 5})
    finding = only(test_dirs.RULE, facts)
    assert finding.safety is Safety.REVIEW
    assert finding.message == (
        "1.2 kB of packages' own tests, the most in gensim 1.1 kB, pandas 14 B. Not counted: "
        "numpy, whose tests are imported at run time. Nothing is proven of them: /srv/app.pyc is "
        "a module without its source"
    )


def test_with_something_unread_what_is_known_to_be_imported_is_left_out_all_the_same() -> None:
    files = {**FILES, f"{SITE}/pandas/__init__.py": "from . import tests", "srv/app.pyc": 5}
    facts = made_checked(files)
    assert only(test_dirs.RULE, facts).claim.visible_bytes == 1_140
    assert f"{SITE}/botocore/docs" not in {
        path for finding in docs_examples.RULE.run(facts) for path, _ in finding.claim.paths
    }


def test_benchmarks_and_code_in_examples_count_only_when_proven() -> None:
    files = {
        f"{SITE}/torch/utils/benchmark/a.py": "x = 1\n",
        f"{SITE}/other/benchmarks/a.py": "x = 12\n",
        f"{SITE}/other/examples/a.py": "x = 123\n",
        f"{SITE}/torch/a.py": "from torch.utils import benchmark\n",
    }
    assert not list(test_dirs.RULE.run(facts_of(files)))
    assert not list(docs_examples.RULE.run(facts_of(files)))
    facts = made_checked(files)
    assert only(test_dirs.RULE, facts).bytes == 7
    assert only(docs_examples.RULE, facts).bytes == 8


def test_a_name_cannot_put_lines_into_what_is_kept() -> None:
    files = {
        f"{SITE}/a/tests/x.py": "x = 1",
        f"{SITE}/a/b\nRUN evil/c.py": "from a.tests import x",
        f"{SITE}/d\nRUN evil/tests/x.py": "x = 1",
        f"{SITE}/d\nRUN evil/__init__.py": "from . import tests",
    }
    finding = only(test_dirs_referenced.RULE, made_checked(files))
    assert all(line.startswith("#") for line in finding.fix.snippet.splitlines())
    assert "\n" not in finding.message


BOTOCORE = distribution("botocore", {"botocore/client.py": 9, "botocore/docs/docstring.py": 5})
DOCS = f"{SITE}/botocore/docs/docstring.py"


def test_botocore_without_its_docs_is_a_hazard_even_with_no_byte_to_save() -> None:
    facts = facts_of({path: what for path, what in BOTOCORE.items() if path != DOCS})
    finding = only(docs_examples_blanket.RULE, facts)
    assert (finding.safety, finding.severity, finding.bytes) == (Safety.RISKY, Severity.WARNING, 0)
    assert finding.message == (
        "botocore/docs was installed and is gone, and botocore/client.py imports it, "
        "so that it cannot be imported in this image"
    )
    assert not list(docs_examples_blanket.RULE.run(facts_of(BOTOCORE)))


def test_the_clean_up_that_took_it_is_named() -> None:
    clean_up = "RUN find .venv -type d -name docs -exec rm -r {} +"
    facts = made_facts(
        ExampleLayer(created_by="COPY .venv .venv", files=BOTOCORE),
        ExampleLayer(created_by=clean_up, deletes=(f"{SITE}/botocore/docs",)),
    )
    message = only(docs_examples_blanket.RULE, facts).message
    assert f"gone, removed by layer 1 ({clean_up})" in message


def test_with_sources_any_package_that_lacks_what_it_imports_is_known() -> None:
    files = distribution("other", {"other/docs/x.py": 5})
    files[f"{SITE}/other/__init__.py"] = "from other.docs import x\n"
    del files[f"{SITE}/other/docs/x.py"]
    layer = ExampleLayer(created_by="RUN x", files=files)
    facts = example_facts(Example(what="", layers=(layer,), finds=(), check_imports=True))
    assert only(docs_examples_blanket.RULE, facts).message == (
        f"other/docs was installed and is gone, and /{SITE}/other/__init__.py:1 imports it, "
        "so that it cannot be imported in this image"
    )
    assert not list(docs_examples_blanket.RULE.run(facts_of(files)))
