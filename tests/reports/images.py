"""The images that the reports' tests show."""

from __future__ import annotations

from imgdiag.analysis import Analysis
from imgdiag.layers.walk import Layer
from imgdiag.pipeline import examine
from imgdiag.project.choice import Choice
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.rules.rule import ExampleLayer
from imgdiag.sources import SourceImage
from tests.made import SITE, analysed, distribution, made_image

ESC = "\x1b]0;owned\x07\x1b[2J"
RTL = "\u202egpj.exe"
BYTES = "caf\udce9"
HOSTILE = (
    f"<img src=x onerror=alert(1)>|`{ESC}\n# heading\n{RTL} {BYTES} @octocat [a](https://evil)"
)


DOCKERFILE = """\
FROM python:3.11-slim
RUN apt-get update && apt-get install -y curl
# the environment
RUN --mount=type=secret,id=ca \\
    python3 -m venv .venv \\
    && .venv/bin/pip install -r requirements.txt
RUN rm -rf /root/.cache || true
RUN chown -R app:app /app
COPY --link src ./src
"""


def service() -> Analysis:
    """Return a service as many are: CUDA torch, caches, tests, a chown over everything."""
    return examine(service_image())


def service_with_dockerfile() -> Analysis:
    """Return the same service with its Dockerfile."""
    dockerfile = parse_dockerfile(DOCKERFILE, "docker/api.Dockerfile")
    return examine(service_image(), dockerfile=Choice(path=dockerfile.path, dockerfile=dockerfile))


def service_image() -> SourceImage[Layer]:
    """Return the image of both."""
    environment = {
        "app/.venv/pyvenv.cfg": "home = /usr/bin\nversion = 3.11.9\nuv = 0.5.1\n",
        "app/.venv/bin/python": 0,
        "app/.venv/bin/uvicorn": "#!/app/.venv/bin/python\nimport uvicorn\n",
        **distribution(
            "torch",
            {
                "torch/version.py": "__version__ = '2.4.1+cu121'\ncuda: Optional[str] = '12.1'\n",
                "torch/lib/libtorch_cuda.so": 1_031_700_000,
                "torch/lib/libtorch_cpu.so": 490_000_000,
                "torch/test/cpp_test": 86_300_000,
            },
            version="2.4.1",
            requires=["nvidia-cudnn-cu12==9.1.0.70; platform_system == 'Linux'", "sympy"],
            installer="pip",
        ),
        **distribution(
            "nvidia-cudnn-cu12",
            {"nvidia/cudnn/lib/libcudnn.so.9": 1_023_333_400},
            version="9.1.0.70",
            installer="pip",
        ),
        **distribution(
            "sympy",
            {"sympy/core.py": 27_000_000, "sympy/core/tests/test_a.py": 9_600_000},
            version="1.14.0",
            installer="pip",
        ),
        **distribution("pytest", {"pytest.py": 1_300_000}, version="8.3.3", installer="pip"),
        f"{SITE}/sympy/__pycache__/core.cpython-311.pyc": 31_000_000,
    }
    return made_image(
        ExampleLayer(
            created_by="/bin/sh -c #(nop) ADD file:1234 in / ",
            files={
                "usr/bin/python3.11": 6_800_000,
                "usr/lib/python3.11/os.py": 40_000,
                "usr/lib/libc.so.6": 1_900_000,
                "etc/os-release": "ID=debian\n",
                "var/lib/dpkg/status": _DEBIAN,
                "var/lib/dpkg/info/libc6:amd64.list": "/usr/lib/libc.so.6\n",
                "var/lib/dpkg/info/python3.11.list": (
                    "/usr/bin/python3.11\n/usr/lib/python3.11/os.py\n"
                ),
            },
        ),
        ExampleLayer(
            created_by="RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit",
            files={"var/lib/apt/lists/debian.lz4": 18_000_000, "usr/bin/curl": 300_000},
        ),
        ExampleLayer(
            created_by="RUN /bin/sh -c python3 -m venv .venv && .venv/bin/pip install "
            "-r requirements.txt # buildkit",
            files={
                **environment,
                **distribution("six", {"six.py": 34_000}, site="srv/vendored"),
                "root/.cache/pip/http-v2/a": 45_000_000,
            },
        ),
        ExampleLayer(
            created_by="RUN /bin/sh -c rm -rf /root/.cache || true # buildkit",
            deletes=("root/.cache",),
        ),
        ExampleLayer(
            created_by="RUN /bin/sh -c chown -R app:app /app # buildkit",
            files=environment,
            uid=1000,
        ),
        ExampleLayer(created_by="COPY src ./src # buildkit", files={"app/src/main.py": 2_500}),
        command=("uvicorn", "main:app"),
        environment={"PATH": "/app/.venv/bin:/usr/local/bin:/usr/bin:/bin"},
        warnings=("the history has 1 more instructions than there are layers",),
    )


_DEBIAN = "".join(
    f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"
    for name, version in (("libc6", "2.36-9+deb12u14"), ("python3.11", "3.11.2-6+deb12u8"))
)


def partial() -> Analysis:
    """Return an image of which a layer is missing."""
    return analysed(
        ExampleLayer(created_by="ADD base.tar /", files={"usr/lib/a.so": 6_800_000}),
        ExampleLayer(created_by="RUN pip install torch", files={"x": 1}),
        problems={1: "its blob is not in the archive"},
        compressed=False,
    )


def no_python() -> Analysis:
    """Return an image without Python, and with nothing to mend."""
    return analysed(ExampleLayer(created_by="COPY server /", files={"server": 14_000_000}))


def empty() -> Analysis:
    """Return an image without layers."""
    return analysed()


def hostile() -> Analysis:
    """Return an image in which every name was chosen to do harm."""
    name = HOSTILE.replace("/", "∕")  # one part of a path
    stated = name.replace(BYTES, "").replace("\n", " ")  # as a RECORD, which is UTF-8, can say it
    torch = distribution(
        "torch",
        {"torch/version.py": f"__version__ = '{stated[:40]}`|<b>'\ncuda = '12.1|<i>`'\n",
         "torch/lib/libtorch_cuda.so": 30_000_000},
    )  # fmt: skip
    package = distribution(
        "nvidia-x|<img>`",
        {f"{stated}.so": 50_000_000, f"{stated}{ESC}/tests/t.py": 9_000_000},
        version=f"1|<b>`{RTL}",
        requires=["torch"],
    )
    return analysed(
        ExampleLayer(
            created_by=f"RUN /bin/sh -c make {HOSTILE}\n```\n<script>",
            files={
                **torch,
                **package,
                f"{name}/{name}": 20_000_000,
                f"opt/{name}": 5_000_000,
                f"opt/{name}.pyz": 5_000,
                f"var/lib/dpkg/info/{name}.list": "/usr/lib/x.so\n",
                "usr/lib/x.so": 30_000_000,
                f"srv/{name}/a-1.dist-info/METADATA": "Name: a\n",
            },
        ),
        ExampleLayer(created_by=f"RUN /bin/sh -c rm {HOSTILE}", deletes=(name,)),
        ExampleLayer(created_by="RUN x", files={"y": 1}),
        command=(HOSTILE,),
        reference=f"registry/{HOSTILE}:latest",
        problems={2: f"its blob {HOSTILE} is missing"},
        warnings=(f"a warning about {HOSTILE}",),
    )
