"""What an import is told as: tables, remarks, and the record that both are of."""

import dataclasses
from collections.abc import Iterator

from rich.table import Table

from trispike.models.network.neuron import Reset
from trispike.sim.nir.drift import Drift, Parting
from trispike.sim.nir.importing import Import
from trispike.sim.nir.integers import Finding
from trispike.sim.nir.rules import Rules


@dataclasses.dataclass(frozen=True, kw_only=True)
class LayerReport:
    """A layer: its number, its shape, the nodes that it was made of and what became of them."""

    layer: int
    shape: str
    nodes: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """What is told of an import; ``drift`` is None without data."""

    network: str
    file: str
    rules: str
    exact: bool
    layers: tuple[LayerReport, ...]
    drift: Drift | None


def record(whole: Import, found: Drift | None) -> Report:
    """The report of an import and of a run on data."""
    parts = zip(whole.network.shape.layers, whole.stages, whole.layers, strict=True)
    return Report(
        network=f"{whole.network.name} ({whole.network.shape})",
        file=whole.chain.file,
        rules=rules_text(whole.reading.rules),
        exact=whole.exact,
        layers=tuple(
            LayerReport(layer=k, shape=str(shape), nodes=stage.nodes, findings=each.findings)
            for k, (shape, stage, each) in enumerate(parts, 1)
        ),
        drift=found,
    )


def rules_text(rules: Rules) -> str:
    """The rules in words."""
    reset = "to v_reset" if rules.reset is Reset.ZERO else f"by subtraction, {rules.order.value}"
    compare = ">=" if rules.reaches else ">"
    gain = ", no gain of tau" if rules.full_gain else ""
    return (
        f"reset {reset}; a spike where potential {compare} threshold; timestep {rules.dt:g}, "
        f"{rules.decay.value} decay{gain}"
    )


def tables(report: Report) -> Iterator[Table]:
    """What became of each layer, and how its spikes differ."""
    table = Table("layer", "of", "property", "", "what became of it", title=report.network)
    for each in report.layers:
        lead = f"{each.layer}  {each.shape}", ", ".join(each.nodes)
        for finding in each.findings:
            table.add_row(
                *lead, finding.what, "exact" if finding.exact else "approximated", finding.text
            )
            lead = "", ""
    yield table
    drift = report.drift
    if drift is None or not drift.layers:
        return
    title = f"spikes, {drift.images} images of {drift.timesteps} timesteps"
    table = Table("layer", "in the file", "differ", "of them", title=title)
    for each in drift.layers:
        share = f"{each.differ / each.spikes:.2%}" if each.spikes else "-"
        table.add_row(str(each.layer), f"{each.spikes:,}", f"{each.differ:,}", share)
    yield table


def remarks(report: Report) -> Iterator[str]:
    """What is printed below the tables."""
    yield f"rules: {report.rules}"
    yield "everything exact" if report.exact else "some of it is approximated, see above"
    drift = report.drift
    if drift is None:
        yield "not compared on inputs: name them by DATA= or INPUT="
        return
    if drift.first:
        yield f"they part first at {_parting(drift.first)}; {_why(report, drift.first)}"
    if drift.leaks_agree is not None:
        yield (
            f"labels that agree with the file's weights and these leaks: "
            f"{drift.leaks_agree / drift.images:.2%} of {drift.images}"
        )
    yield f"labels that agree: {drift.agree / drift.images:.2%} of {drift.images}"
    if drift.right is not None:
        yield (
            f"accuracy: {drift.reference_right / drift.images:.2%} in the file's network, "
            f"{drift.right / drift.images:.2%} in integers"
        )


def _parting(first: Parting) -> str:
    return (
        f"image {first.image}, timestep {first.timestep}, layer {first.layer}, neuron "
        f"{first.neuron}: potential {first.reference:.6g} in the file, {first.potential} against "
        f"a threshold of {first.integer_threshold} in integers"
    )


def _why(report: Report, first: Parting) -> str:
    """What is approximated in that layer, whose inputs were the same until then."""
    findings = report.layers[first.layer - 1].findings
    names = [finding.what for finding in findings if not finding.exact]
    return f"its {' and '.join(names)} are approximated" if names else "it has no approximation"
