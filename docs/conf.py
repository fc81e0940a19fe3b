"""The site that `make docs` makes of README.md, docs/ and docstrings, by Sphinx.

The checkout is its source folder, so that links between documents are the same in both. Whatever a
docstring names in backticks must be there, or the build fails.
"""

import builtins
import re
import shutil
from pathlib import Path

from sphinx import addnodes
from sphinx.ext.autosummary import autosummary_toc

project = "Trispike"
author = "The Trispike authors"
html_title = project
html_theme = "furo"
root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "build/reference/*.rst"]
templates_path = [str(Path(__file__).parent / "templates")]
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.githubpages",
]
myst_heading_anchors = 4
nitpicky = True
nitpick_ignore_regex = [("py:class", r"collections\.abc\..*")]
default_role = "any"
autodoc_default_options = {"members": True, "undoc-members": True, "member-order": "bysource"}
autodoc_mock_imports = ["torch", "snntorch", "matplotlib", "altair", "vl_convert", "h5py"]
autodoc_preserve_defaults = True
autodoc_typehints = "none"

_CONTENTS = {
    "Begin": ["docs/own-network", "docs/python", "docs/data", "docs/training"],
    "Look": ["docs/simulation", "docs/report", "docs/timeline", "docs/waves"],
    "The hardware": ["docs/hardware", "docs/neurons", "docs/convolution", "docs/noc", "docs/node"],
    "What it costs": ["docs/results", "docs/synthesis", "docs/energy", "docs/speed"],
    "Change it": [
        "CONTRIBUTING",
        "docs/designers-loop",
        "docs/formal",
        "docs/mutation",
        "docs/reliability",
        "docs/reference",
        "CHANGELOG",
    ],
}
"""Pages by the heading that they stand under in the side bar."""

_CHECKOUT = Path(__file__).parents[1]
_GOALS = re.findall(r"^(\w+):.*##", (_CHECKOUT / "Makefile").read_text(), re.M)
_LIBRARIES = ("numpy", "torch", "snntorch")
_LIST = re.compile(r"((\w+, )*\w+: \S.*(\n +.*)*\n*)+")


def _is_there(name: str) -> bool:
    """Whether ``name`` is a file of the checkout, a goal of make, a built-in, or a library's."""
    return (
        (_CHECKOUT / name).exists()
        or any(re.match(rf"make {goal}\b", name) for goal in _GOALS)
        or hasattr(builtins, name)
        or name.split(".")[0] in _LIBRARIES
    )


def _text_of_what_is_there(app, env, node, content):
    if node["reftype"] == "any" and _is_there(node["reftarget"]):
        return content
    return None


def _restructured(app, what, name, obj, options, lines):
    """The habits of our docstrings as reStructuredText.

    An underlined word is a heading. A paragraph of lines like ``name, name: ...`` is a list. A
    `Parameter` is described by its component.
    """
    if type(obj).__name__ == "Parameter":
        lines.clear()
    text = re.sub(r"^(\w+)\n-+\n", r".. rubric:: \1\n\n", "\n".join(lines), flags=re.M)
    paragraphs = text.split("\n\n")
    for i, paragraph in enumerate(paragraphs):
        if _LIST.fullmatch(paragraph):
            paragraphs[i] = re.sub(r"^(?=\S)", ":", paragraph, flags=re.M)
    lines[:] = "\n\n".join(paragraphs).split("\n")


def _leave_out_long_values(app, doctree):
    """A constant's value tells nothing if it is longer than a line or two."""
    for value in doctree.findall(addnodes.desc_annotation):
        if len(value.astext()) > 150:
            value.parent.remove(value)


def _add_contents(app, name, source):
    """README has the contents of the site, which are not seen where README is read alone."""
    if name == root_doc:
        for heading, pages in _CONTENTS.items():
            source[0] += "\n".join(
                ["", "```{toctree}", ":hidden:", f":caption: {heading}", *pages, "```", ""]
            )


def _begin_at_readme(app, failed):
    """A visitor gets ``index.html``."""
    if failed is None and app.builder.format == "html":
        shutil.copy(Path(app.outdir, f"{root_doc}.html"), Path(app.outdir, "index.html"))


def _leave_out_of_side_bar(app, doctree):
    """The modules of the reference, which its tables lead to: hundreds of lines on every page."""
    for contents in list(doctree.findall(autosummary_toc)):
        contents.parent.remove(contents)


def setup(app):
    """Called by Sphinx."""
    app.connect("doctree-read", _leave_out_of_side_bar, priority=1)
    app.connect("source-read", _add_contents)
    app.connect("build-finished", _begin_at_readme)
    app.connect("doctree-read", _leave_out_long_values)
    app.connect("autodoc-process-docstring", _restructured)
    app.connect("missing-reference", _text_of_what_is_there)
