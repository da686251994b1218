"""Verdicts: every way in which something may need a folder, and none where nothing does."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from imgdiag.capture import CAPTURE_IMPORTS
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import merge
from imgdiag.finding import Safety
from imgdiag.image import ImageConfig, parse_config
from imgdiag.pipeline import examine
from imgdiag.python.imports import ImportCheck, Verdict
from imgdiag.python.imports.references import How
from imgdiag.rules.rule import ExampleLayer
from tests import builder
from tests.made import made_checked, made_image

SITE = "app/lib/python3.11/site-packages"
SAFE, REVIEW, KEEP = Verdict
TESTS = {"pkg/tests/__init__.py": "", "pkg/tests/util.py": "import pkg", "pkg/__init__.py": ""}


def checked(files: Mapping[str, int | str], **options: object) -> ImportCheck:
    """Return the check of an environment's files, and of others by their absolute paths."""
    placed: dict[str, int | str] = {
        path.removeprefix("/") if path.startswith("/") else f"{SITE}/{path}": what
        for path, what in files.items()
    }
    facts = made_checked(placed, **options)  # type: ignore[arg-type]
    assert facts.imports is not None
    return facts.imports


def verdicts(files: Mapping[str, int | str], **options: object) -> dict[str, Verdict]:
    return {
        each.candidate.path.removeprefix(f"{SITE}/"): each.verdict
        for each in checked(files, **options).proofs
    }


def verdict(files: Mapping[str, int | str], **options: object) -> Verdict:
    """Return the verdict on pkg/tests in an environment with these files too."""
    return verdicts({**TESTS, **files}, **options)["pkg/tests"]


def test_what_nothing_imports_is_safe() -> None:
    assert verdict({}) is SAFE
    assert verdict({"pkg/a.py": "import os, pkg.testing", "/srv/main.py": "import pkg"}) is SAFE


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("pkg/a.py", "from pkg.tests import util"),
        ("pkg/a.py", "from pkg.tests.util import x"),
        ("pkg/a.py", "import pkg.tests.util as u"),
        ("pkg/a.py", "from pkg import tests"),
        ("pkg/a.py", "from . import tests"),
        ("pkg/a.py", "from .tests import util"),
        ("pkg/a.py", "from .tests import *"),
        ("pkg/__init__.py", "from .tests import util as _util"),
        ("pkg/sub/a.py", "from ..tests.util import x"),
        ("pkg/sub/deep/__init__.py", "from ... import tests"),
        ("other.py", "import pkg.tests"),
        ("other/a.py", "import os, pkg.tests.util"),
        ("/srv/main.py", "from pkg.tests.util import x"),
        ("/srv/tests/test_main.py", "from pkg.tests.util import x"),
        ("/app/bin/tool", "#!/app/bin/python\nfrom pkg.tests.util import main\nmain()"),
        ("/opt/lib/python3.12/site-packages/other.py", "import pkg.tests"),
        ("start.pth", "import os; import pkg.tests.util"),
        ("pkg/a.py", "if x:\n    from pkg import tests"),
        ("pkg/a.py", "class A:\n    from pkg import tests"),
    ],
)
def test_what_a_module_imports_is_kept(path: str, source: str) -> None:
    assert verdict({path: source}) is KEEP


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("pkg/a.py", "def f():\n    from pkg import tests"),
        ("pkg/a.py", "try:\n    from pkg import tests\nexcept ImportError:\n    pass"),
        ("pkg/a.py", "if TYPE_CHECKING:\n    from pkg import tests"),
        ("pkg/a.py", "print 'python 2'\nfrom pkg import tests"),
        ("pkg/a.py", "import_module('pkg.tests')"),
        ("pkg/a.py", "import_module('.tests', __package__)"),
        ("pkg/a.py", "import_module(f'{__name__}.tests')"),
        ("pkg/a.py", "__import__('pkg.tests.util', fromlist=['x'])"),
        ("pkg/a.py", "exec('from pkg.tests import util')"),
        ("pkg/a.py", "run([python, '-m', 'pkg.tests'])"),
        ("pkg/a.py", "run('python -m pkg.tests.util')"),
        ("pkg/a.py", "files('pkg.tests')"),
        ("pkg/a.py", "Path(__file__).parent / 'tests'"),
        ("pkg/a.py", "os.path.join(here, 'tests', 'util.py')"),
        ("pkg/a.py", "os.path.join(here, 'tests/util.py')"),
        ("pkg/a.py", "open(os.path.dirname(__file__) + '/tests/util.py')"),
        ("pkg/a.py", "pkg_resources.resource_filename('pkg', 'tests/util.py')"),
        ("pkg/sub/a.py", "open('../tests/util.py')"),
        ("pkg/sub/a.py", "open('../tests/%s.py' % name)"),
        ("pkg/__init__.py", "__all__ = ['tests']"),
        ("pkg/__init__.py", "__getattr__, *_ = lazy.attach(__name__, submodules={'tests'})"),
        ("pkg/__init__.pyi", "from . import tests"),
        ("pkg/__init__.pyi", "from .tests import util as util"),
        ("pkg/fast.pyx", "cdef int x\nfrom pkg.tests.util cimport x\nfrom pkg.tests import util"),
        ("other/plugin.py", "pytest_plugins = ['pkg.tests.util']"),
        ("other/a.py", "import pkg\nos.path.join(os.path.dirname(pkg.__file__), 'tests')"),
        ("other/a.py", "import pkg as p\nd = p.__path__[0]\nopen(join(d, 'tests'))"),
        ("other/a.py", "files('pkg') / 'tests'"),
        ("other/a.py", "open(f'{site}/pkg/tests/util.py')"),
        ("other/a.py", "from alias.pkg.tests import util"),
        ("other/a.py", "import other.vendored.pkg.tests"),
        ("other/a.py", "import pkg\nd = os.path.dirname(inspect.getfile(pkg))\nopen(d + '/tests')"),
        ("other/a.py", "import pkg\njoin(files(pkg), 'tests')"),
        ("pkg/a.py", "p = __file__.replace('a.py', 'tests')"),
        ("pkg/a.py", "type X = int\nfolder = join(here, 'tests')"),
        ("other/a.py", "print 1\nimport pkg\nd = join(dirname(pkg.__file__), 'tests')"),
        ("other/a.py", "print 1\np = here / 'pkg' / 'tests'"),
        ("pkg/run.py", "import tests.util"),
        ("pkg-1.dist-info/entry_points.txt", "[console_scripts]\ntool = pkg.tests.util:main\n"),
        ("paths.pth", f"/{SITE}/pkg/tests"),
        ("/srv/settings.py", "TEST_RUNNER = 'pkg.tests.util.Runner'"),
        ("/srv/run.sh", "#!/bin/sh\nexec python -m pkg.tests.util\n"),
        ("/srv/logging.yaml", "handler:\n  class: pkg.tests.util.Handler\n"),
    ],
)
def test_what_something_may_import_or_names_is_for_review(path: str, source: str) -> None:
    assert verdict({path: source}) is REVIEW


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("pkg/a.py", '"""See pkg/tests/util.py and pkg.tests."""'),
        ("pkg/a.py", "# from pkg.tests import util\nx = 1"),
        ("pkg/a.py", "def f():\n    '''\n    >>> from pkg.tests import util\n    '''"),
        ("pkg/a.py", "if split == 'tests': pass"),
        ("pkg/a.py", "url = 'https://pkg.example/tests/util.py'"),
        ("pkg/a.py", "open('tests/nothing_of_the_kind')"),
        ("pkg/a.py", "from .other import tests_of_x"),
        ("pkg/a.py", "from pkg.testing import tests"),  # an attribute of a module that is there
        ("other/a.py", "x = 'tests'"),  # its own folder, not another package's
        ("other/a.py", "from . import tests"),
        ("/srv/main.py", "folder = here / 'tests'"),
        ("/srv/main.py", "from tests.util import x"),
        ("pkg/conftest.py", "from pkg.tests import util"),
        ("other/tests/test_a.py", "from pkg.tests import util"),
        ("pkg/sub/tests/test_a.py", "from ...tests import util"),
        ("/usr/lib/python3.11/a.py", "from pkg.tests import util"),
        ("/srv/pyproject.toml", "[tool.x]\nexclude = ['pkg/tests/util.py']\n"),
    ],
)
def test_what_does_not_reach_it_leaves_it_safe(path: str, source: str) -> None:
    assert verdict({"pkg/testing.py": "", "other/__init__.py": "", path: source}) is SAFE


def test_the_images_command_is_minded() -> None:
    assert verdict({}, command=("python", "-m", "pkg.tests.util")) is REVIEW
    assert verdict({}, command=("sh", "-c", "exec python -m pkg.tests")) is REVIEW
    assert verdict({}, environment={"DJANGO_SETTINGS_MODULE": "pkg.tests.util"}) is REVIEW
    assert verdict({}, environment={"DATA": f"/{SITE}/pkg/tests"}) is REVIEW
    assert verdict({}, command=("pytest", "tests")) is SAFE


def test_references_are_followed_through_what_is_reached_and_no_further() -> None:
    files = {
        "pkg/__init__.py": "from pkg.tests import helper",
        "pkg/tests/__init__.py": "",
        "pkg/tests/helper.py": "from one.tests import a\ndef f():\n    from two.tests import b",
        "pkg/tests/test_x.py": "from three.tests import c",  # which nothing imports
        "one/tests/a.py": "from four.tests.sub import d",
        "two/tests/b.py": "import five.tests",
        "three/tests/c.py": "",
        "four/tests/__init__.py": "import six.docs.x",
        "four/tests/sub/__init__.py": "",
        "four/tests/sub/d.py": "from ... import examples",
        "four/examples/e.py": "",
        "five/tests/__init__.py": "",
        "six/docs/x.py": "",
    }
    assert verdicts(files) == {
        "pkg/tests": KEEP,
        "one/tests": KEEP,
        "two/tests": REVIEW,
        "three/tests": SAFE,
        "four/tests": KEEP,
        "four/examples": KEEP,
        "five/tests": REVIEW,
        "six/docs": KEEP,
    }


def test_modules_of_one_folder_that_import_each_other_keep_nothing() -> None:
    files = {
        "pkg/tests/a.py": "from . import b\nfrom pkg.tests.b import x",
        "pkg/tests/b.py": "from .a import y",
        "pkg/sub/tests/c.py": "from pkg.tests import a",
    }
    assert set(verdicts(files).values()) == {SAFE}


def test_a_circle_of_folders_is_followed_once() -> None:
    files = {
        "a/__init__.py": "import a.tests.x",
        "a/tests/x.py": "import b.tests.x",
        "b/tests/x.py": "import a.tests.x",
    }
    assert verdicts(files) == {"a/tests": KEEP, "b/tests": KEEP}


def test_a_conftest_counts_once_something_imports_it() -> None:
    files = {"pkg/conftest.py": "from pkg.tests import util"}
    assert verdict(files) is SAFE
    assert verdict({**files, "other.py": "import pkg.conftest"}) is KEEP
    assert verdict({**files, "pkg/a.py": "def f():\n    from .conftest import x"}) is REVIEW


def test_a_string_reaches_only_the_module_that_it_names() -> None:
    files = {
        "pkg/a.py": "skip = ['pkg/tests/one.py']",
        "pkg/tests/one.py": "import first.tests.x",
        "pkg/tests/two.py": "import second.tests.x",
        "first/tests/x.py": "",
        "second/tests/x.py": "",
    }
    assert verdicts(files) == {
        "pkg/tests": REVIEW,
        "first/tests": REVIEW,
        "second/tests": SAFE,
    }


def test_a_folder_of_the_same_name_in_another_package_is_not_meant() -> None:
    files = {
        "pkg/a.py": "p = here / 'io' / 'tests'",
        "pkg/io/tests/x.py": "",
        "other/io/tests/x.py": "",
        "pkg/tests/x.py": "",
    }
    assert verdicts(files) == {
        "pkg/io/tests": REVIEW,
        "pkg/tests": REVIEW,
        "other/io/tests": SAFE,
    }


def test_every_environment_with_the_folder_is_meant() -> None:
    other = "opt/lib/python3.12/site-packages"
    files = {f"/{other}/pkg/tests/x.py": "", "pkg/tests/x.py": "", "/srv/a.py": "import pkg.tests"}
    assert set(verdicts(files).values()) == {KEEP}
    assert len(verdicts(files)) == 2


def test_what_a_link_leads_to_is_minded() -> None:
    link = {"srv/data": f"/{SITE}/pkg/tests/data"}
    data: dict[str, int | str] = {"pkg/tests/data": 5}
    assert verdict(data, symlinks=link) is REVIEW
    relative = {f"{SITE}/pkg/data": "../pkg/tests"}
    assert verdict({}, symlinks=relative) is REVIEW
    beside = {"srv/data": f"/{SITE}/pkg/testing"}
    assert verdict({}, symlinks=beside) is SAFE


def test_a_module_that_is_a_link_is_read_where_it_stands() -> None:
    files: dict[str, int | str] = {"/opt/src/a.py": "from .tests import util"}
    assert verdict(files) is SAFE
    assert verdict(files, symlinks={f"{SITE}/pkg/a.py": "/opt/src/a.py"}) is KEEP


def test_a_package_that_is_a_link_is_followed() -> None:
    alias = {f"{SITE}/alias": "pkg"}
    assert verdict({"other.py": "from alias.tests import util"}, symlinks=alias) is KEEP


@pytest.mark.parametrize(
    ("path", "unread"),
    [
        ("pkg/fast.pyc", "a module without its source"),
        ("/srv/service.pyc", "a module without its source"),
        ("other.egg", "a module without its source"),
        ("/srv/app.pyz", "a module without its source"),
        ("other/huge.py", "huge.py could not be read"),
    ],
)
def test_with_an_importer_that_cannot_be_read_nothing_is_safe(path: str, unread: str) -> None:
    check = checked({**TESTS, path: 20_000_000})
    assert [each.verdict for each in check.proofs] == [REVIEW]
    assert check.unread.endswith(unread)


def test_byte_code_beside_its_source_or_of_a_test_hides_nothing() -> None:
    files: dict[str, int | str] = {
        "pkg/a.py": "",
        "pkg/a.pyc": 5,
        "pkg/__pycache__/gone.cpython-311.pyc": 5,
        "pkg/tests/data.pyc": 5,
        "/usr/lib/python3.11/x.pyc": 5,
    }
    assert verdict(files) is SAFE


def test_a_skeletons_sources_prove_nothing() -> None:
    zeros = {**TESTS, "pkg/a.py": "\0" * 9, "pkg/b.py": "\0", "pkg/tests/c.py": "\0"}
    check = checked(zeros)
    assert [each.verdict for each in check.proofs] == [REVIEW]
    assert check.unread == (
        f"/{SITE}/pkg/a.py could not be read, nor could 1 more (a skeleton has no sources)"
    )


def test_what_python_itself_cannot_read_hides_nothing() -> None:
    assert verdict({"pkg/a.py": "\0from pkg import tests"}) is SAFE


def test_a_test_that_cannot_be_read_matters_once_it_is_reached() -> None:
    files: dict[str, int | str] = {"pkg/tests/huge.py": 20_000_000, "other/tests/a.py": "x = 1"}
    assert verdicts(files) == {"pkg/tests": SAFE, "other/tests": SAFE}
    files["pkg/__init__.py"] = "from pkg.tests import huge"
    assert verdicts(files) == {"pkg/tests": KEEP, "other/tests": REVIEW}


def test_with_a_layer_that_could_not_be_read_nothing_is_safe() -> None:
    layer = ExampleLayer(created_by="RUN x", files={f"{SITE}/pkg/tests/a.py": 2_000_000})
    image = made_image(layer, ExampleLayer(created_by="RUN y"), problems={1: "gone"})
    [finding] = examine(image, sources_read=True).findings
    assert finding.safety is Safety.REVIEW
    assert "Nothing is proven of them: layer 1 could not be read" in finding.message


def test_evidence_is_the_line_that_needs_it_the_strongest_first() -> None:
    files = {
        **TESTS,
        "pkg/a.py": "x = 'pkg.tests'\n",
        "pkg/b.py": "import os\n\nfrom pkg.tests import util  # why\n",
    }
    [proof] = checked(files).proofs
    assert [(each.path, each.line, each.how) for each in proof.evidence] == [
        (f"{SITE}/pkg/b.py", 3, How.IMPORTED),
        (f"{SITE}/pkg/a.py", 1, How.NAMED),
    ]
    assert str(proof.evidence[0]) == f"/{SITE}/pkg/b.py:3: from pkg.tests import util # why"


def test_evidence_is_kept_within_bounds() -> None:
    files = {f"pkg/a{index}.py": "from pkg import tests" for index in range(30)}
    [proof] = checked({**TESTS, **files}).proofs
    assert len(proof.evidence) == 5


def test_a_folder_that_was_installed_and_is_gone_is_known_to_be_missing() -> None:
    files = {
        "pkg/__init__.py": "from pkg.docs import x\nfrom pkg.examples import y",
        "pkg-1.dist-info/METADATA": "Name: pkg\n",
        "pkg-1.dist-info/RECORD": "pkg/__init__.py,,\npkg/docs/x.py,,\n",
    }
    check = checked(files)
    assert list(check.broken) == [f"{SITE}/pkg/docs"]  # examples never were there
    assert check.broken[f"{SITE}/pkg/docs"].line == 1
    assert not checked({**files, "pkg/docs/x.py": ""}).broken
    deferred = {**files, "pkg/__init__.py": "def f():\n    from pkg.docs import x"}
    assert not checked(deferred).broken


def test_hard_links_are_read_once_and_count_at_each_name() -> None:
    image = builder.walked(
        builder.file(f"{SITE}/pkg/tests/util.py", b"pass"),
        builder.file("root/.cache/uv/archive-v0/x/pkg/a.py", b"from .tests import util"),
        builder.hard_link(f"{SITE}/pkg/a.py", "root/.cache/uv/archive-v0/x/pkg/a.py"),
        capture=CAPTURE_IMPORTS,
    )
    facts = Facts(config=CONFIG, filesystem=merge([image]), sources_read=True)
    assert facts.imports is not None
    assert [each.verdict for each in facts.imports.proofs] == [KEEP]


CONFIG: ImageConfig = parse_config(b'{"os": "linux", "architecture": "amd64"}')


def test_a_layers_sources_become_digests_as_it_is_read() -> None:
    source = b"import pkg.tests\n" + b"# a long comment\n" * 1000
    layer = builder.walked(
        builder.file("srv/a.py", source),
        builder.file("srv/b.py", b"import os"),
        builder.file("srv/c.py", b""),
        builder.file("srv/data.bin", b"import pkg.tests"),
        capture=CAPTURE_IMPORTS,
    )
    first, *others = [each.content for each in layer.entries]
    assert first is not None
    assert len(first) < 100
    assert others == [b"", b"", None]
    assert [each.size for each in layer.entries] == [len(source), 9, 0, 16]


def test_an_environment_below_a_folder_called_test_is_judged_as_any() -> None:
    site = "test/docs/lib/python3.11/site-packages"
    files = {
        f"/{site}/pkg/a.py": "x = {'tests': 1}\nimport one.tests.x",
        f"/{site}/pkg/tests/a.py": "",
        f"/{site}/one/tests/x.py": "from ..docs import y",
        f"/{site}/one/docs/y.py": "",
    }
    assert {path.removeprefix(f"{site}/"): each for path, each in verdicts(files).items()} == {
        "pkg/tests": SAFE,
        "one/tests": KEEP,
        "one/docs": KEEP,
    }


def test_a_target_folder_is_judged_as_any_environment() -> None:
    files = {
        "/srv/deps/pkg-1.dist-info/METADATA": "Name: pkg\n",
        "/srv/deps/pkg/a.py": "import one.tests.x",
        "/srv/deps/pkg/tests/a.py": "",
        "/srv/deps/one/tests/x.py": "from ..docs import y\nif a:\n    from .. import examples",
        "/srv/deps/one/docs/y.py": "",
        "/srv/deps/one/examples/z.py": "",
    }
    assert {path.removeprefix("srv/deps/"): each for path, each in verdicts(files).items()} == {
        "pkg/tests": SAFE,
        "one/tests": KEEP,
        "one/docs": KEEP,
        "one/examples": KEEP,
    }


def test_without_the_check_nothing_is_known() -> None:
    facts = Facts(config=CONFIG, filesystem=merge([]))
    assert facts.imports is None
