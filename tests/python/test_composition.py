import pytest

from imgdiag.python.composition import Kind, Share, composition, kind_of
from tests.made import made_filesystem, made_layer


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("lib/a/b.py", Kind.SOURCE),
        ("lib/a/__pycache__/b.cpython-311.pyc", Kind.BYTECODE),
        ("lib/a/tests/__pycache__/b.cpython-311.pyc", Kind.BYTECODE),
        ("lib/a/tests/data.csv", Kind.TESTS),
        ("lib/a/tests/docs/x.py", Kind.TESTS),
        ("lib/a/docs/x.py", Kind.DOCS),
        ("lib/a/examples/x.py", Kind.EXAMPLES),
        ("lib/a-1.dist-info/licenses/docs/LICENSE", Kind.METADATA),
        ("lib/a/.pytest_cache/tests/x.pyc", Kind.CACHE),
        ("lib/a.libs/libx-0.so.1.2", Kind.NATIVE),
        ("lib/a/_x.cpython-311-x86_64-linux-gnu.so", Kind.NATIVE),
        ("lib/a/include/x.h", Kind.HEADERS),
        ("lib/a/x.sofar", Kind.OTHER),
        ("tests", Kind.OTHER),
    ],
)
def test_kinds(path: str, kind: Kind) -> None:
    assert kind_of(path) is kind


def test_an_inode_counts_once_and_for_its_first_kind() -> None:
    layer = made_layer({"a.py": 10, "b.so": 5}, links={"tests/a.py": "a.py"})
    files = sorted(made_filesystem(layer).files(), key=lambda pair: pair[0])
    shares = {share.kind: share for share in composition(files)}
    assert shares[Kind.SOURCE] == Share(kind=Kind.SOURCE, bytes=10, files=1)
    assert shares[Kind.TESTS] == Share(kind=Kind.TESTS, bytes=0, files=1)
    assert list(shares) == list(Kind)
    assert sum(share.bytes for share in shares.values()) == 15
