"""The site of `make docs`: what it is made of, and that a fault in that fails."""

import runpy
import subprocess
import sys

import pytest

from tb.kit.command import ROOT
from tb.kit.extras import needs_sphinx

pytestmark = needs_sphinx


@pytest.fixture(scope="module")
def conf() -> dict:
    return runpy.run_path(str(ROOT / "docs" / "conf.py"))


def _build(folder, text: str, module: str = "") -> str:
    """What Sphinx complains of in a README with ``text`` and the docstring of ``module``."""
    (folder / "README.md").write_text(f"# Mine\n\n{text}\n")
    (folder / "mine.py").write_text(module)
    program = "import sys; from sphinx.cmd.build import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            program,
            "-q",
            "-W",
            "--keep-going",
            "-c",
            ROOT / "docs",
            ".",
            "out",
        ],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1  # the pages of the side bar are not there
    return "\n".join(line for line in done.stderr.splitlines() if "toctree" not in line)


def _documented(docstring: str) -> tuple[str, str]:
    """A page on a module with the function ``known`` and with ``docstring``."""
    module = f'"""Mine.\n\n{docstring}\n"""\n\n\ndef known():\n    """Known."""\n'
    return "```{eval-rst}\n.. automodule:: mine\n```", module


def test_what_is_there(conf):
    """A file, a goal of make, a built-in name or a library's; nothing else."""
    for name in ("rtl/neuron/pe.py", "make sim LAYER=fc256", "ValueError", "numpy.ndarray"):
        assert conf["_is_there"](name)
    for name in ("rtl/neuron/pea.py", "make tea", "ValuError", "numpyish.array"):
        assert not conf["_is_there"](name)


@pytest.mark.parametrize(
    ("docstring", "restructured"),
    [
        ("One.\n\na: first\nb, c: more\n  of it", "One.\n\n:a: first\n:b, c: more\n  of it"),
        ("One.\n\nSource: a book,\nby one.", "One.\n\nSource: a book,\nby one."),
        ("One.\n\nMembers\n-------\na : In(1)", "One.\n\n.. rubric:: Members\n\na : In(1)"),
    ],
)
def test_docstrings(conf, docstring, restructured):
    """Fields become a list, an underlined word a heading, a sentence stays."""
    lines = docstring.split("\n")
    conf["_restructured"](None, "class", "name", None, None, lines)
    assert "\n".join(lines) == restructured


def test_every_page_is_in_the_side_bar(conf):
    """Once, and under a heading."""
    listed = [page for pages in conf["_CONTENTS"].values() for page in pages]
    there = [path.stem for path in ROOT.glob("*.md")] + [
        f"docs/{p.stem}" for p in ROOT.glob("docs/*.md")
    ]
    assert sorted([*listed, "README"]) == sorted(there)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        (("See [there](docs/nothing.md).",), "docs/nothing.md"),
        (("See [there](#nowhere).",), "nowhere"),
        (("![A chip](chip.png)",), "chip.png"),
        (_documented("See `unknown`."), "unknown"),
    ],
)
def test_fault(tmp_path, page, complaint):
    """A broken link, anchor or picture, or a missing name, is complained of."""
    assert complaint in _build(tmp_path, *page)


@pytest.mark.thorough
def test_no_fault(tmp_path):
    """What is there is not."""
    assert _build(tmp_path, *_documented("See `known`, `ValueError` and `make sim`.")) == ""
