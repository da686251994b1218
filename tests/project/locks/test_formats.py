"""Each format of lock, cut down from files that its tool wrote."""

from types import ModuleType

import pytest

from imgdiag.errors import ImgdiagError
from imgdiag.image import Platform
from imgdiag.project.locks import (
    FORMATS,
    Choice,
    Lock,
    Wheel,
    poetry,
    pylock,
    requirements,
    select,
    uv,
)

PYPI = "https://pypi.org/simple"
FILES = "https://files.pythonhosted.org/packages/00"

UV = f"""\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "colorama"
version = "0.4.6"
source = {{ registry = "{PYPI}" }}

[[package]]
name = "numpy"
version = "1.26.4"
source = {{ registry = "{PYPI}" }}

[[package]]
name = "numpy"
version = "2.1.0"
source = {{ registry = "{PYPI}" }}
wheels = [
    {{ url = "{FILES}/numpy-2.1.0-cp311-cp311-macosx_14_0_arm64.whl", size = 5 }},
    {{ url = "{FILES}/numpy-2.1.0-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl", size = 14 }},
    {{ url = "{FILES}/numpy-2.1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", size = 16 }},
    {{ url = "{FILES}/numpy-2.1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", size = 17 }},
    {{ url = "{FILES}/numpy-2.1.0-cp311-cp311-musllinux_1_2_x86_64.whl", size = 18 }},
]

[[package]]
name = "nvidia-cublas-cu12"
version = "12.1.3.1"
source = {{ registry = "{PYPI}" }}
wheels = [
    {{ url = "{FILES}/nvidia_cublas_cu12-12.1.3.1-py3-none-manylinux1_x86_64.whl", size = 410594774 }},
    {{ url = "{FILES}/nvidia_cublas_cu12-12.1.3.1-py3-none-win_amd64.whl", size = 7 }},
]

[[package]]
name = "pytest"
version = "9.2.0"
source = {{ registry = "{PYPI}" }}
dependencies = [{{ name = "colorama", marker = "sys_platform == 'win32'" }}]

[[package]]
name = "svc"
version = "0.1.0"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "numpy", version = "1.26.4", source = {{ registry = "{PYPI}" }}, marker = "python_full_version >= '3.12'" }},
    {{ name = "numpy", version = "2.1.0", source = {{ registry = "{PYPI}" }}, marker = "python_full_version < '3.12'" }},
    {{ name = "torch" }},
    {{ name = "uvicorn", extra = ["standard"] }},
]

[package.optional-dependencies]
plots = [{{ name = "matplotlib" }}]

[package.dev-dependencies]
dev = [{{ name = "pytest" }}]

[package.metadata]
requires-dist = [{{ name = "torch", specifier = "==2.4.1" }}]

[[package]]
name = "torch"
version = "2.4.1"
source = {{ registry = "{PYPI}" }}
dependencies = [
    {{ name = "nvidia-cublas-cu12", marker = "platform_machine == 'x86_64' and sys_platform == 'linux'" }},
]
wheels = [{{ url = "{FILES}/torch-2.4.1-cp311-cp311-manylinux1_x86_64.whl", size = 797111232 }}]

[[package]]
name = "uvicorn"
version = "0.30"
source = {{ registry = "{PYPI}" }}

[package.optional-dependencies]
standard = [{{ name = "uvloop", marker = "sys_platform != 'win32'" }}]

[[package]]
name = "uvloop"
version = "0.20"
source = {{ registry = "{PYPI}" }}

[[package]]
name = "matplotlib"
version = "3.9"
source = {{ registry = "{PYPI}" }}
"""  # noqa: E501


def names(lock: Lock, choice: Choice | None = None) -> list[str]:
    return [
        f"{each.package.name} {each.package.version}".strip()
        for each in select(lock, choice or Choice())
    ]


def test_uv_for_linux() -> None:
    lock = uv.read(UV.encode(), "uv.lock")
    assert lock.groups == ("dev",)
    assert names(lock) == [
        "numpy 2.1.0",
        "nvidia-cublas-cu12 12.1.3.1",
        "torch 2.4.1",
        "uvicorn 0.30",
        "uvloop 0.20",
    ]


def test_uv_with_an_extra_and_a_group() -> None:
    choice = Choice(extras=frozenset({"plots"}), groups=frozenset({"dev"}))
    added = set(names(uv.read(UV.encode(), "uv.lock"), choice)) - set(
        names(uv.read(UV.encode(), "uv.lock"))
    )
    assert added == {"matplotlib 3.9", "pytest 9.2.0"}


def test_uv_for_another_platform_and_python() -> None:
    lock = uv.read(UV.encode(), "uv.lock")
    assert names(lock, Choice(platform=Platform("linux", "arm64"), python="3.12")) == [
        "numpy 1.26.4",
        "torch 2.4.1",
        "uvicorn 0.30",
        "uvloop 0.20",
    ]


def test_uv_tells_the_wheel_that_fits_who_asks_and_the_line() -> None:
    found = {each.package.name: each for each in select(uv.read(UV.encode(), "uv.lock"), Choice())}
    assert {name: each.size for name, each in found.items()} == {
        "numpy": 16,
        "nvidia-cublas-cu12": 410_594_774,
        "torch": 797_111_232,
        "uvicorn": None,
        "uvloop": None,
    }
    assert found["nvidia-cublas-cu12"].required_by == ("torch",)
    assert found["torch"].required_by == ("",)
    assert found["torch"].package.line == UV[: UV.index('name = "torch"\nversion')].count("\n")
    arm = Choice(platform=Platform("linux", "arm64"), python="3.11")
    assert {each.package.name: each.size for each in select(uv.read(UV.encode(), ""), arm)}[
        "numpy"
    ] == 14


CONFLICTS = f"""\
version = 1
requires-python = ">=3.11"
conflicts = [[{{ package = "svc", extra = "cpu" }}, {{ package = "svc", extra = "gpu" }}]]

[[package]]
name = "svc"
version = "0.1.0"
source = {{ virtual = "." }}
dependencies = [{{ name = "lightning" }}]
[package.optional-dependencies]
cpu = [{{ name = "torch", version = "2.13.0+cpu", source = {{ registry = "https://x/whl/cpu" }} }}]
gpu = [{{ name = "torch", version = "2.13.0", source = {{ registry = "{PYPI}" }} }}]
[package.metadata]
requires-dist = []

[[package]]
name = "lightning"
version = "1"
source = {{ registry = "{PYPI}" }}
dependencies = [
    {{ name = "torch", version = "2.13.0", source = {{ registry = "{PYPI}" }}, marker = "extra == 'extra-3-svc-gpu' or extra != 'extra-3-svc-cpu'" }},
    {{ name = "torch", version = "2.13.0+cpu", source = {{ registry = "https://x/whl/cpu" }}, marker = "extra == 'extra-3-svc-cpu'" }},
]

[[package]]
name = "torch"
version = "2.13.0"
source = {{ registry = "{PYPI}" }}

[[package]]
name = "torch"
version = "2.13.0+cpu"
source = {{ registry = "https://x/whl/cpu" }}
"""  # noqa: E501


@pytest.mark.parametrize(
    ("extra", "torch"), [("cpu", "torch 2.13.0+cpu"), ("gpu", "torch 2.13.0"), ("", "torch 2.13.0")]
)
def test_uv_with_extras_that_exclude_each_other(extra: str, torch: str) -> None:
    lock = uv.read(CONFLICTS.encode(), "uv.lock")
    assert names(lock, Choice(extras=frozenset({extra} - {""}))) == ["lightning 1", torch]


POETRY = """\
[[package]]
name = "pytest"
version = "8"
optional = false
groups = ["dev"]
files = []

[[package]]
name = "torch"
version = "2.4.1"
optional = false
groups = ["main", "dev"]
files = [{file = "torch-2.4.1-cp311-cp311-manylinux1_x86_64.whl", hash = "sha256:0"}]
[package.dependencies]
nvidia-cublas-cu12 = {version = "12.1.3.1", markers = "platform_system == \\"Linux\\""}
mkl = [{version = "1", markers = "sys_platform == \\"win32\\""}]
[package.source]
type = "legacy"
url = "https://download.pytorch.org/whl/cu121"
reference = "torch"

[[package]]
name = "nvidia-cublas-cu12"
version = "12.1.3.1"
optional = false
groups = ["main"]
markers = "platform_system == \\"Linux\\""
files = []

[[package]]
name = "mkl"
version = "1"
optional = false
groups = ["main"]
markers = {main = "sys_platform == \\"win32\\""}
files = []

[[package]]
name = "plots"
version = "1"
optional = true
groups = ["main"]
files = []

[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
"""


def test_poetry() -> None:
    lock = poetry.read(POETRY.encode(), "poetry.lock")
    assert names(lock) == ["nvidia-cublas-cu12 12.1.3.1", "torch 2.4.1"]
    assert names(lock, Choice(groups=frozenset({"dev"}))) == [
        "nvidia-cublas-cu12 12.1.3.1",
        "pytest 8",
        "torch 2.4.1",
    ]
    [cublas, torch] = select(lock, Choice())
    assert torch.package.index == "https://download.pytorch.org/whl/cu121"
    assert cublas.required_by == ("", "torch")
    assert torch.size is None
    assert lock.requires_python == ">=3.11"


def test_poetry_before_groups() -> None:
    text = '[[package]]\nname = "a"\nversion = "1"\ncategory = "main"\noptional = false\n'
    text += '[[package]]\nname = "b"\nversion = "1"\ncategory = "dev"\noptional = false\n'
    assert names(poetry.read(text.encode(), "poetry.lock")) == ["a 1"]


PYLOCK = f"""\
lock-version = "1.0"
requires-python = ">=3.11"
[[packages]]
name = "torch"
version = "2.4.1"
index = "{PYPI}"
wheels = [{{ url = "{FILES}/torch-2.4.1-cp311-cp311-manylinux1_x86_64.whl", size = 797111232 }}]
[[packages]]
name = "pytest"
version = "9"
marker = "'dev' in dependency_groups"
[[packages]]
name = "colorama"
version = "0.4.6"
marker = "sys_platform == 'win32' and 'dev' not in dependency_groups"
[[packages]]
name = "torchvision"
version = "0.19.1+cpu"
wheels = [{{ url = "https://x/whl/cpu/torchvision-0.19.1%2Bcpu-cp311-cp311-linux_x86_64.whl" }}]
"""


def test_pylock() -> None:
    lock = pylock.read(PYLOCK.encode(), "pylock.toml")
    assert names(lock) == ["torch 2.4.1", "torchvision 0.19.1+cpu"]
    assert names(lock, Choice(groups=frozenset({"dev"})))[0] == "pytest 9"
    [torch, vision] = select(lock, Choice())
    assert (torch.size, torch.package.index) == (797_111_232, PYPI)
    assert vision.package.index == "https://x/whl/cpu"
    assert vision.package.wheels == (
        Wheel("torchvision-0.19.1+cpu-cp311-cp311-linux_x86_64.whl", None),
    )


REQUIREMENTS = b"""\
# what uv export wrote
--extra-index-url https://download.pytorch.org/whl/cpu
-r more.txt
torch==2.4.1+cpu ; sys_platform == 'linux' \\
    --hash=sha256:00 \\
    --hash=sha256:01
    # via svc
pandas[excel]>=2  # a comment
https://files.example/only-a-url.whl
pywin32==306 ; sys_platform == 'win32'
-c constraints.txt
not a requirement at all
"""


def test_requirements() -> None:
    more = {"more.txt": b"-r requirements.txt\n-r more.txt\nnumpy==2.1.0\n"}
    lock = requirements.read(REQUIREMENTS, "requirements.txt", more.get)
    assert names(lock) == ["numpy 2.1.0", "pandas", "torch 2.4.1+cpu"]
    assert lock.indexes == ("https://download.pytorch.org/whl/cpu",)
    assert [each.line for each in lock.packages] == [4, 8, 10, None]


READERS = pytest.mark.parametrize(
    "reader", FORMATS, ids=lambda each: each.__name__.rpartition(".")[2]
)


@READERS
@pytest.mark.parametrize(
    "data", [b"", b"package = 1\npackages = 'x'\n", b"[[package]]\n[[packages]]\n"]
)
def test_what_says_nothing_locks_nothing(reader: ModuleType, data: bytes) -> None:
    assert all(not each.package.version for each in select(reader.read(data, "x"), Choice()))


@READERS
def test_what_is_not_text_is_an_error(reader: ModuleType) -> None:
    if reader is requirements:  # any text is one, with lines that pip refuses
        assert select(requirements.read(b"\xff\xfe", "x"), Choice()) == ()
    else:
        with pytest.raises(ImgdiagError, match="x is not valid TOML"):
            reader.read(b"\xff\xfe", "x")


def test_a_circle_of_requirements_ends() -> None:
    text = """
[[package]]
name = "svc"
source = { virtual = "." }
dependencies = [{ name = "a" }]
[[package]]
name = "a"
dependencies = [{ name = "b", extra = ["x"] }]
[[package]]
name = "b"
dependencies = [{ name = "a" }]
[package.optional-dependencies]
x = [{ name = "b", extra = ["x"] }]
"""
    assert names(uv.read(text.encode(), "uv.lock")) == ["a", "b"]
