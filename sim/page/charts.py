"""The plots, as Vega-Lite. They need Altair, of the extra ``report``.

Each fills the width that it is given. What the reader chooses is a parameter that is bound to the
element of the page with its name; colours are variables of the page's style.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

Rows = list[dict[str, Any]]
Spec = dict[str, Any]

_DATA = "rows"
_COLOURS = [f"var(--c{k})" for k in range(1, 7)]
_PAPER, _INK = "var(--card)", "currentColor"
_WHOLE = alt.Axis(
    grid=False, ticks=False, labelExpr="datum.value % 1 ? '' : format(datum.value, ',d')"
)


def _chosen(*names: str) -> list[alt.Parameter]:
    """Parameters bound to elements of the page."""
    return [
        alt.param(name=name, value="", bind=alt.BindDirect(element=f"#{name}", event="change"))
        for name in names
    ]


def _spec(chart: alt.TopLevelMixin, rows: Rows, height: int) -> Spec:
    """The spec of ``chart``, ``height`` pixels high, whose data called `_DATA` are ``rows``."""
    spec = chart.properties(width="container", height=height).to_dict()
    datasets = {**spec.get("datasets", {}), _DATA: rows}
    return {**spec, "datasets": datasets, "autosize": {"type": "fit-x", "contains": "padding"}}


def _chart() -> alt.Chart:
    return alt.Chart(alt.NamedData(name=_DATA))


def _kinds(names: Sequence[str], rest: str | None = None) -> alt.Scale:
    """Colours of ``names``, and of the ``rest``, which is grey."""
    last = [_COLOURS[-1]] if rest else []
    domain = [*names, *([rest] if rest else [])]
    return alt.Scale(domain=domain, range=[*_COLOURS[: len(names)], *last])


def _lines(rows: Rows) -> int:
    """Places that bars stand at."""
    return len({row["place"] for row in rows})


def confusion(counts: Rows, labels: Sequence[int]) -> Spec:
    """Images by ``label`` and by what the RTL ``said``, both of ``labels``; ``counts`` has them."""
    few = len(labels) <= 12
    every = alt.Scale(domain=list(labels))
    x = alt.X("said:O", title="label of the RTL", axis=alt.Axis(labelAngle=0), scale=every)
    y = alt.Y("label:O", title="true label", scale=every)
    base = _chart().encode(x=x, y=y, tooltip=["label:O", "said:O", "images:Q"])
    colour = alt.condition(
        "datum.label == datum.said", alt.value("var(--c1)"), alt.value("var(--c2)")
    )
    cells = base.mark_rect(stroke=_PAPER).encode(
        color=colour,
        fillOpacity=alt.FillOpacity("images:Q", legend=None, scale=alt.Scale(range=[0.2, 0.4])),
    )
    layers = [cells, *([base.mark_text(fontSize=11).encode(text="images:Q")] if few else [])]
    step = 24 if few else max(6, 300 // len(labels))
    return _spec(alt.layer(*layers), counts, step * len(labels))


def shares(rows: Rows, kinds: Sequence[str], rest: str, unit: str) -> Spec:
    """``amount`` of each of ``kinds`` and of the ``rest`` by ``place``, as shares of its sum."""
    chart = _chart().transform_joinaggregate(whole="sum(amount)", groupby=["place"])
    chart = chart.transform_calculate(share="datum.amount / max(1e-9, datum.whole)")
    chart = chart.mark_bar().encode(
        y=alt.Y("place:N", title=None, sort=None),
        x=alt.X(
            "share:Q",
            stack=True,
            title=None,
            axis=alt.Axis(format="%", tickCount=5),
            scale=alt.Scale(domain=[0, 1], nice=False),
        ),
        color=alt.Color("kind:N", scale=_kinds(kinds, rest)),
        order=alt.Order("order:Q"),
        tooltip=[
            alt.Tooltip("place:N"),
            alt.Tooltip("kind:N"),
            alt.Tooltip("share:Q", format=".1%"),
            alt.Tooltip("amount:Q", format=",.1f", title=unit),
        ],
    )
    order = {kind: k for k, kind in enumerate([*kinds, rest])}
    return _spec(chart, [{**row, "order": order[row["kind"]]} for row in rows], 26 * _lines(rows))


def amounts(rows: Rows, unit: str, number: str = ",.1f") -> Spec:
    """``amount`` by ``place`` in a ``unit``, written beside each bar."""
    base = _chart().encode(
        y=alt.Y("place:N", title=None, sort=None, axis=alt.Axis(labelLimit=170)),
        x=alt.X(
            "amount:Q",
            title=unit,
            axis=alt.Axis(tickCount=5, labelBound=True),
            scale=alt.Scale(domain=[0, 1.4 * max(row["amount"] for row in rows) or 1], nice=False),
        ),
        tooltip=["place:N", alt.Tooltip("amount:Q", format=number, title=unit)],
    )
    text = base.mark_text(align="left", dx=4).encode(text=alt.Text("amount:Q", format=number))
    return _spec(base.mark_bar() + text, rows, 24 * _lines(rows))


def spread(values: Sequence[int], unit: str) -> Spec:
    """How often each of ``values``, in a ``unit``, comes."""
    chart = _chart().mark_bar()
    x = alt.X("value:Q", bin=alt.Bin(maxbins=30), title=unit, axis=alt.Axis(grid=False))
    chart = chart.encode(x=x, y=alt.Y("count()", title="images", axis=_WHOLE))
    return _spec(chart, [{"value": value} for value in values], 130)


def image(pictures: Rows) -> Spec:
    """The ``picture`` of the chosen ``image``, a data URL."""
    chart = _chart().mark_image(width=112, height=112, align="left", baseline="top", smooth=False)
    chart = chart.transform_filter("datum.image == image")
    chart = chart.encode(url="picture:N", x=alt.value(0), y=alt.value(0))
    return _spec(chart.add_params(*_chosen("image")), pictures, 116)


def scores(rows: Rows, title: str) -> Spec:
    """``scores`` of the outputs for the chosen ``image``; its ``label`` stands out."""
    chart = _chart().transform_filter("datum.image == image")
    chart = chart.transform_calculate(output="sequence(0, length(datum.scores))")
    chart = chart.transform_flatten(["scores", "output"], as_=["score", "output"])
    colour = alt.condition(
        "datum.output == datum.label", alt.value("var(--c1)"), alt.value("var(--c6)")
    )
    chart = chart.mark_bar().encode(
        x=alt.X("output:O", title="output", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("score:Q", title=title, axis=_WHOLE),
        color=colour,
        tooltip=["output:O", "score:Q"],
    )
    return _spec(chart.add_params(*_chosen("image")), rows, 130)


def raster(rows: Rows, names: Sequence[str], sizes: Sequence[int], timesteps: int) -> Spec:
    """Spikes of the chosen ``image``, a band a layer; the chosen neuron has a line.

    ``rows`` have of each spike, in lists, ``t`` (from 1), ``k`` (the layer, 0 the input), ``n``
    (its row), ``c`` (spikes there); ``names`` and ``sizes`` are those of the layers.
    """
    layers = range(len(names))
    bands = alt.Axis(
        values=[k + 0.5 for k in layers], labelExpr=f"{list(names)}[floor(datum.value)]",
        title=None, ticks=False, grid=False, domain=False,
    )  # fmt: skip
    y = alt.Y("y:Q", axis=bands, scale=alt.Scale(domain=[0, len(names)], reverse=True, nice=False))
    x = alt.X(
        "x:Q", title="timestep", axis=alt.Axis(tickMinStep=1, grid=False, format="d"),
        scale=alt.Scale(domain=[0.5, timesteps + 0.5], nice=False),
    )  # fmt: skip
    spikes = _chart().transform_filter("datum.image == image")
    spikes = spikes.transform_flatten(["t", "k", "n", "c"]).transform_calculate(
        x="datum.t - 0.42",
        x2="datum.t + 0.42",
        y=f"datum.k + 0.03 + 0.94 * (datum.n + 0.5) / {list(sizes)}[datum.k]",
        layer=f"{list(names)}[datum.k]",
    )
    spikes = spikes.mark_rule(strokeWidth=1.5).encode(
        x=x,
        x2="x2:Q",
        y=y,
        color=alt.Color(
            "layer:N",
            legend=None,
            scale=alt.Scale(domain=list(names), range=[_COLOURS[k % 5] for k in layers]),
        ),
        tooltip=[
            alt.Tooltip("layer:N"),
            alt.Tooltip("t:Q", title="timestep"),
            alt.Tooltip("n:Q", title="neuron or channel"),
            alt.Tooltip("c:Q", title="spikes"),
        ],
    )
    edges = alt.Chart(alt.InlineData(values=[{"y": k} for k in layers[1:]]))
    edges = edges.mark_rule(color="var(--faint)").encode(y=y)
    here = alt.Chart(alt.InlineData(values=[{}])).transform_calculate(
        y="toNumber(layer) + 0.03 + 0.94 * "
        f"(min(toNumber(neuron), {list(sizes)}[layer] - 1) + 0.5) / {list(sizes)}[layer]"
    )
    here = here.mark_rule(color=_INK, strokeDash=[2, 3], opacity=0.7).encode(y=y)
    chart = alt.layer(edges, spikes, here).add_params(*_chosen("image", "layer", "neuron"))
    return _spec(chart, rows, len(names) * max(12, min(90, 1400 // len(names))))


def potential(rows: Rows, shown: Mapping[int, int], timesteps: int) -> Spec:
    """Potentials of the chosen neuron in the chosen ``image`` and ``layer``, and its threshold.

    ``rows`` have ``u``, a list of each neuron's potentials, and ``h``, one of thresholds in each
    phase for all neurons or for each; ``shown`` is how many neurons each layer has of them.
    """
    base = _chart().transform_filter("datum.image == image && datum.layer == layer")
    base = base.transform_calculate(
        n="sequence(0, length(datum.u))", last="length(datum.u) - 1"
    ).transform_flatten(["u", "n"])
    base = base.transform_filter("datum.n == min(toNumber(neuron), datum.last)")
    base = base.transform_calculate(
        t="sequence(1, length(datum.u) + 1)",
        h="datum.h && datum.h[min(datum.n, length(datum.h) - 1)]",
    ).transform_flatten(["t", "u"])
    base = base.transform_calculate(
        h="datum.h ? datum.h[(datum.t - 1) % length(datum.h)] : null",
    ).transform_calculate(fires="datum.h != null && datum.u > datum.h ? 'above' : 'not above'")
    x = alt.X(
        "t:Q",
        title="timestep",
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
        scale=alt.Scale(domain=[0.5, timesteps + 0.5], nice=False),
    )
    y = alt.Y("u:Q", title="potential")
    colour = alt.Color(
        "fires:N",
        scale=alt.Scale(domain=["above", "not above"], range=["var(--c2)", "var(--c1)"]),
        legend=alt.Legend(labelExpr="datum.label + ' its threshold'"),
    )
    stems = base.mark_rule(strokeWidth=2).encode(x=x, y=y, y2=alt.Y2Datum(0), color=colour)
    points = base.mark_point(filled=True, size=60, opacity=1).encode(
        x=x, y=y, color=colour,
        tooltip=[alt.Tooltip("n:Q", title="neuron"), alt.Tooltip("t:Q", title="timestep"),
                 alt.Tooltip("u:Q", title="potential"), alt.Tooltip("h:Q", title="threshold")],
    )  # fmt: skip
    # Without a threshold the line is unseen, but there: of no data Vega cannot tell the extent.
    steps = base.transform_calculate(
        x="datum.t - 0.5", x2="datum.t + 0.5", level="datum.h != null ? datum.h : datum.u"
    )
    steps = steps.mark_rule(color="var(--c4)", strokeDash=[5, 3], strokeWidth=1.5).encode(
        x="x:Q",
        x2="x2:Q",
        y="level:Q",
        opacity=alt.condition("datum.h != null", alt.value(1), alt.value(0)),
    )
    counts = {str(k): n for k, n in shown.items()}
    title = alt.Title(
        alt.expr(
            f"'layer ' + layer + ', neuron ' + min(toNumber(neuron), {counts}[layer] - 1)"
            f" + ' of 0 to ' + ({counts}[layer] - 1)"
        ),
        anchor="start", fontWeight="normal",
    )  # fmt: skip
    chart = alt.layer(stems, steps, points, title=title)
    return _spec(chart.add_params(*_chosen("image", "layer", "neuron")), rows, 220)


def timeline(rows: Rows, kinds: Sequence[str]) -> Spec:
    """What each ``place`` did in the chosen ``image``, from cycle ``begin`` to before ``end``."""
    chart = _chart().transform_filter("datum.image == image")
    chart = chart.transform_flatten(["place", "kind", "begin", "end", "t"])
    chart = chart.mark_bar(cornerRadius=0).encode(
        y=alt.Y("place:N", title=None, sort=None),
        x=alt.X(
            "begin:Q", title="cycle from the image's first", axis=alt.Axis(format="d", tickCount=6)
        ),
        x2="end:Q",
        color=alt.Color("kind:N", scale=_kinds(kinds)),
        tooltip=[
            alt.Tooltip("place:N"),
            alt.Tooltip("kind:N"),
            alt.Tooltip("t:Q", title="timestep"),
            alt.Tooltip("begin:Q"),
            alt.Tooltip("end:Q"),
        ],
    )
    places = {place for row in rows for place in row["place"]}
    return _spec(chart.add_params(*_chosen("image")), rows, 26 * len(places))


MESH_WIDTH = 450
"""Width of a mesh in the units of its coordinates, about a pixel each."""


def mesh(links: Rows, nodes: Rows, height: int) -> Spec:
    """Nodes and links of a mesh, each link in the colour of its ``load``; the chosen one is thick.

    ``links`` have their ends ``x``, ``y``, ``x2``, ``y2``; ``nodes`` a ``name`` and their ``part``.
    """
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, MESH_WIDTH], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], nice=False))
    ends = {"x": x, "x2": "x2:Q", "y": y, "y2": "y2:Q"}
    tooltip = ["name:N", alt.Tooltip("load:Q", format=".3f", title="flits/cycle"), "flits:Q"]
    halo = _chart().transform_filter("datum.name == link")
    halo = halo.mark_rule(color=_INK, strokeWidth=9, opacity=0.45).encode(**ends)
    lines = _chart().mark_rule(strokeWidth=3.5, strokeCap="round").encode(
        **ends,
        color=alt.Color(
            "load:Q",
            scale=alt.Scale(range=["#7b8794", "#e08a1e", "#d62828"], interpolate="rgb"),
            legend=alt.Legend(title="flits/cycle", gradientLength=160, tickCount=4),
        ),
        tooltip=tooltip,
    )  # fmt: skip
    places = alt.Chart(alt.InlineData(values=nodes)).encode(x=x, y=y, tooltip=["name:N", "part:N"])
    points = places.mark_circle(size=130, opacity=1).encode(
        color=alt.condition("datum.part", alt.value("var(--c1)"), alt.value("var(--c6)"))
    )
    names = places.mark_text(dx=8, dy=19, align="left", fontSize=11).encode(text="name:N")
    chart = alt.layer(halo, lines, points, names).add_params(*_chosen("link"))
    return _spec(chart, links, height)


def arrivals(rows: Rows, cycles: float) -> Spec:
    """Flits over the chosen ``link``, by when they arrived: ``counts`` of bins of ``cycles``."""
    chart = _chart().transform_filter("datum.name == link")
    chart = chart.transform_calculate(bin="sequence(0, length(datum.counts))")
    chart = chart.transform_flatten(["counts", "bin"]).transform_calculate(
        begin=f"datum.bin * {cycles}", end=f"(datum.bin + 1) * {cycles}"
    )
    chart = chart.mark_bar().encode(
        x=alt.X("begin:Q", title="cycle of arrival", axis=alt.Axis(format="d", grid=False)),
        x2="end:Q",
        y=alt.Y("counts:Q", title="flits", scale=alt.Scale(zero=True)),
        y2=alt.Y2Datum(0),
        tooltip=["counts:Q", alt.Tooltip("begin:Q", format=".0f"),
                 alt.Tooltip("end:Q", format=".0f")],
    )  # fmt: skip
    return _spec(chart.add_params(*_chosen("link")), rows, 200)
