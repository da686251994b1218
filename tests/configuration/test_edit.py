from __future__ import annotations

import tomllib

import pytest

from imgdiag.configuration.edit import without_configuration
from imgdiag.errors import ImgdiagError

HEAD = '# mine\n[project]\nname = "x"  # the name\n'
OURS = "[tool.imgdiag.budgets.a]\nmax = 1\n"
ALSO = "[[tool.imgdiag.waivers]]\nreason = 'x'\n"
WRITTEN = "# What images are held to, written by 'imgdiag init' from x\n# more\n"
RUFF = "[tool.ruff]  # lint\nline-length = 100\n"


@pytest.mark.parametrize("text", ["", HEAD, HEAD + RUFF, f"{HEAD}\n\n\n", HEAD.rstrip()])
def test_what_has_none_of_ours_stays(text: str) -> None:
    left = without_configuration(text, "pyproject.toml", force=False)
    assert left.rstrip() == text.rstrip()
    assert left == "" or left.endswith("\n\n")


def test_line_ends_stay() -> None:
    left = without_configuration(HEAD.replace("\n", "\r\n"), "pyproject.toml", force=False)
    assert left.replace("\r\n", "") == HEAD.replace("\n", "")


def test_ours_is_not_overwritten_unless_asked() -> None:
    with pytest.raises(ImgdiagError, match=r"pyproject.toml has a \[tool.imgdiag\] already"):
        without_configuration(HEAD + OURS, "pyproject.toml", force=False)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (HEAD + OURS, HEAD),
        (HEAD + OURS + ALSO, HEAD),
        (HEAD + RUFF + OURS, HEAD + RUFF),
        (HEAD + OURS + RUFF, HEAD + RUFF),
        (OURS + HEAD + ALSO + RUFF, HEAD + RUFF),
        (f"{HEAD}\n{WRITTEN}\n# ours\n{OURS}# also\n\n{ALSO}# end\n\n# theirs\n{RUFF}",
         f"{HEAD}# theirs\n{RUFF}"),
        (f"{HEAD}# kept\n\n# ours\n{OURS}# end", f"{HEAD}# kept\n"),
        ("[tool.imgdiag]\n", ""),
        (f"{HEAD}[tool]\nimgdiag = {{ budgets = {{ a = {{ max = 1 }} }} }}\n{RUFF}",
         f"{HEAD}[tool]\n{RUFF}"),
        (f"{HEAD}[tool]\nimgdiag.analyze.quiet = true\nruff.line-length = 100\n",
         f"{HEAD}[tool]\nruff.line-length = 100\n"),
    ],
)  # fmt: skip
def test_ours_goes_and_the_rest_stays(text: str, left: str) -> None:
    found = without_configuration(text, "pyproject.toml", force=True)
    assert found.split() == left.split()
    assert tomllib.loads(f"{found}[tool.imgdiag]\n")["tool"]["imgdiag"] == {}


def test_where_no_table_can_follow_it_says_so() -> None:
    with pytest.raises(ImgdiagError, match=r"no table can be put at the end of pyproject\.toml"):
        without_configuration("tool = { a = 1 }\n", "pyproject.toml", force=False)


def test_a_broken_file() -> None:
    with pytest.raises(ImgdiagError, match="is not valid TOML"):
        without_configuration("[tool", "pyproject.toml", force=True)
