"""A page as HTML. It needs Jinja2 and vl-convert, of the extra ``report``."""

import importlib.metadata
import json
import re
from pathlib import Path

import jinja2
import markupsafe
import vl_convert

from trispike.models.files import write_atomically
from trispike.sim.page.contents import Page
from trispike.sim.tools.paths import build_folder

_FOLDER = Path(__file__).parent


def html(page: Page) -> str:
    """The ``page``, with all that draws it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    plots = [plot for section in page.sections for plot in section.plots]
    return environment.get_template("page.html").render(
        page=page,
        style=markupsafe.Markup((_FOLDER / "page.css").read_text()),
        library=markupsafe.Markup(_library()),
        specs=_script_json({plot.name: plot.spec for plot in plots}),
        figures=_script_json({"command": page.command, **page.figures}),
    )


def _script_json(value: object) -> markupsafe.Markup:
    """``value`` as JSON that may stand in a script element."""
    return markupsafe.Markup(json.dumps(value, separators=(",", ":")).replace("<", "\\u003c"))


def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed for a script element; made once, which takes some seconds."""
    version = importlib.metadata.version("vl-convert-python")
    path = build_folder() / "report" / f"vega-{version}.js"
    if not path.exists():
        text = re.sub("</(?=script)", r"<\\/", vl_convert.javascript_bundle(), flags=re.IGNORECASE)
        write_atomically(path, text.encode())
    return path.read_text()
