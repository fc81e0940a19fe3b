"""Options that several commands have."""

import dataclasses
import json
from pathlib import Path
from typing import ClassVar

from trispike.models.data import datasets, spikes
from trispike.models.data.own import OwnData
from trispike.models.errors import BadInput
from trispike.models.files import check_writable, write_atomically
from trispike.models.mesh import topology
from trispike.models.mesh.topology import MAX_DEAD_LINKS, MAX_DEPTH, RouterShape, Routing
from trispike.models.network import weights
from trispike.models.network.numbers import LANES
from trispike.models.network.presets import PRESETS
from trispike.sim.terminal.console import warn
from trispike.sim.terminal.parser import make_name
from trispike.sim.terminal.request import Request, at_least_1, option

DEFAULT_IMAGES = 1000

USUAL_TIMELINE_IMAGES = 4

USUAL_WAVES_MB = 500
"""Megabytes that a waveform may take unless the user says otherwise."""

DEFAULT_LAYER, _DATA = "fc256", "digits"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Layer(Request):
    """A network of ours, by name."""

    layer: str = option(f"Network: {', '.join(PRESETS)}.", DEFAULT_LAYER)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Preset(Layer):
    """A network of ours, and the data set that it is trained on."""

    data: str = option(f"Data set: {', '.join(datasets.NAMES)}.", _DATA)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Weights(Request):
    """A network of the user's."""

    weights: Path | None = option(
        "Weight file (.npz with its card) in place of the one committed for LAYER and DATA."
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trained(Weights, Preset):
    """A trained network, of ours or the user's.

    Without LAYER= and DATA= they are those of the weight file, if one is named.
    """

    usual: ClassVar[str] = DEFAULT_LAYER
    """The network without either option."""
    own: ClassVar[OwnData | None] = None
    """The user's own test data, in place of those of ``data``."""

    layer: str | None = option(
        f"Network: {', '.join(PRESETS)}.  [default: that of WEIGHTS, or {DEFAULT_LAYER}]"
    )
    data: str | None = option(
        f"Data set: {', '.join(datasets.NAMES)}.  [default: the one that WEIGHTS was trained on, "
        "or the first of these that LAYER was]"
    )
    recipe: str | None = option(
        "Recipe that LAYER was trained by, where weights of several come with Trispike.  "
        f"[default: {weights.DEFAULT_RECIPE}]"
    )

    def __post_init__(self):
        super().__post_init__()
        if self.weights is not None:
            if self.recipe is not None:
                raise BadInput(
                    "RECIPE= is for the networks of Trispike; leave it out with WEIGHTS="
                )
            network, card = weights.load(self.weights)
            name, data = network.name, card.data or _DATA
            if self.layer not in (None, name):
                raise BadInput(
                    f"LAYER={self.layer} is not {name}, the network in {self.weights}: leave out "
                    "LAYER= or WEIGHTS="
                )
            if self.data not in (None, data) and card.data:
                warn(f"{self.weights} was trained on {data}, and this run is on {self.data}")
        else:
            name = self.layer or self.usual
            recipe = self.recipe or weights.DEFAULT_RECIPE
            data = self.data or _usual_data(name, recipe)
            path = weights.committed(name, data, recipe)
            card = weights.load(path)[1] if path.exists() else None
        object.__setattr__(self, "layer", self.layer or name)
        object.__setattr__(self, "data", self.data or data)
        object.__setattr__(self, "trained_timesteps", card and card.timesteps)


def _usual_data(layer: str, recipe: str) -> str:
    """The first data set that committed weights of ``layer`` by ``recipe`` are for."""
    committed = (data for data in datasets.NAMES if weights.committed(layer, data, recipe).exists())
    return next(committed, _DATA)


def _folders() -> str:
    """Environment variables of data sets' folders: ``$TRISPIKE_DATA (mnist, saccade)``."""
    names = {}
    for name, source in datasets.SOURCES.items():
        if source.variable:
            names.setdefault(source.variable, []).append(name)
    return ", ".join(f"${variable} ({', '.join(sets)})" for variable, sets in names.items())


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataFolder(Request):
    """Where the user has the data."""

    data_folder: Path | None = option(
        f"Folder with the data set's files; otherwise {_folders()}; for mnist and saccade else a "
        "cache or a download, for fashion Debian's dataset-fashion-mnist."
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Input(DataFolder, Trained):
    """A trained network, and what it works on: test images of its data set, or the user's own."""

    input: Path | None = option(
        "File (.npz) of your own images or spikes, with labels or without, in place of DATA."
    )

    def __post_init__(self):
        named = [k for k in ("data", "data_folder") if getattr(self, k) is not None]
        super().__post_init__()
        if self.input is None:
            return
        if named:
            raise BadInput(
                f"{make_name(named[0])}= is for data sets by name, and INPUT= names a file of "
                "your own: leave one of them out"
            )
        object.__setattr__(self, "own", OwnData.read(self.input))
        if self.own.samples.timesteps:
            object.__setattr__(self, "trained_timesteps", self.own.samples.timesteps)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Images(Request):
    """How many images, and for how long."""

    usual_timesteps: ClassVar[int] = 5
    """Those of a network that was trained for any number."""
    trained_timesteps: ClassVar[int | None] = None
    """Those that the network was trained for, or that the user's own spikes have, if known."""

    timesteps: int | None = option(
        "Timesteps per image.  [default: those that INPUT's spikes have, that the network was "
        f"trained for, or {usual_timesteps}]",
        check=spikes.check_timesteps,
        short="-t",
    )
    images: int | None = option(
        f"Test images.  [default: {DEFAULT_IMAGES}, or all if there are fewer]",
        check=at_least_1("IMAGES"),
        short="-n",
    )

    def __post_init__(self):
        super().__post_init__()
        timesteps = self.timesteps or self.trained_timesteps or self.usual_timesteps
        object.__setattr__(self, "timesteps", timesteps)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seeded(Request):
    """Everything random."""

    seed: int = option("Seed of all that is random.", 0, check=spikes.check_seed)


class LaneCounts(tuple):
    """Lanes of each layer; as text the way that LANES= takes them."""

    def __str__(self):
        return ",".join(map(str, self))


def _lanes(text: str | int | LaneCounts) -> int | LaneCounts:
    try:
        counts = LaneCounts(int(word) for word in str(text).split(","))
    except ValueError:
        raise BadInput(
            f"LANES must be one of {', '.join(map(str, LANES))}, or such a number for each layer "
            f"like 1,4,2, not {text!r:.80}"
        ) from None
    return counts[0] if len(counts) == 1 else counts


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lanes(Request):
    """Parallel spikes of a fixed chip."""

    lanes: str = option(
        f"Spikes that a layer takes in one cycle: {', '.join(map(str, LANES))}; one number for all "
        "layers, or one for each, like 1,4,2.",
        "1",
    )

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "lanes", _lanes(self.lanes))
        if isinstance(self, Record) and self.record and isinstance(self.lanes, LaneCounts):
            raise BadInput("RECORD= is for chips with one number of LANES: leave one of them out")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Routers(Request):
    """The routers of a mesh."""

    depth: int = option(f"Flits that each input buffer of a router holds, 2 to {MAX_DEPTH}.", 4)
    routing: str = option(
        f"Routing function of a router: {', '.join(each.value for each in Routing)}.",
        Routing.XYZ.value,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dead(Routers):
    """Routers of a mesh some of whose links are dead."""

    dead: str | None = option("Dead vertical links, like 1.1.0,2.0.1: each the one up from there.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Unicast(Request):
    """How a network's flits reach their receivers."""

    unicast: bool = option("A flit for each receiver, as in TW-SNN; no multicasts.", False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeadLinks(Routers):
    """Routers that can be told of dead links."""

    dead_links: int = option(f"Dead links that a router can be told of, 0 to {MAX_DEAD_LINKS}.", 0)

    @property
    def router(self) -> RouterShape:
        """What the routers have in common; `BadInput` if there are no such routers."""
        return RouterShape(
            depth=self.depth, routing=topology.routing(self.routing), dead_links=self.dead_links
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Jobs(Request):
    """How much at a time."""

    jobs: int | None = option(
        "Simulations side by side.  [default: 1]", check=at_least_1("JOBS"), short="-j"
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record(Request):
    """Whether what is measured is for the repository."""

    record: bool = option("Keep what was measured in docs/, its tables and figures too.", False)

    def __post_init__(self):
        super().__post_init__()
        if self.record and isinstance(self, Weights) and self.weights is not None:
            raise BadInput("RECORD= is for the networks of Trispike; leave it out with WEIGHTS=")
        if self.record and isinstance(self, Input) and self.input is not None:
            raise BadInput("RECORD= is for data sets by name; leave it out with INPUT=")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Timeline(Request):
    """A file of the user's for what happened, cycle by cycle."""

    timeline: Path | None = option(
        "File (.json) for a timeline of the first images, or flits, for Perfetto."
    )

    def __post_init__(self):
        super().__post_init__()
        if self.timeline is not None and self.timeline.suffix != ".json":
            raise BadInput(f"TIMELINE must end with .json, not {self.timeline.name!r}")

    def check_timeline(self) -> None:
        """`BadInput` if the file could not be written; sooner than after minutes of work."""
        if self.timeline is not None:
            check_writable(self.timeline)

    def bound(self, name: str, usual: int) -> int:
        """What the option ``name`` bounds the timeline to, or ``usual``; 0 without a timeline.

        `BadInput` if it is set, and there is no timeline.
        """
        value = getattr(self, name)
        if self.timeline is None and value is not None:
            raise BadInput(
                f"{make_name(name)} has no meaning without TIMELINE=: add that or leave it out"
            )
        return 0 if self.timeline is None else value or usual


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImagesTimeline(Timeline):
    """A timeline of images."""

    timeline_images: int | None = option(
        f"Images that the timeline may have.  [default: {USUAL_TIMELINE_IMAGES}]",
        check=at_least_1("TIMELINE_IMAGES"),
    )

    def __post_init__(self):
        super().__post_init__()
        self.bound("timeline_images", USUAL_TIMELINE_IMAGES)

    @property
    def images_on_timeline(self) -> int:
        """How many images; 0 without a timeline."""
        return self.bound("timeline_images", USUAL_TIMELINE_IMAGES)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Waves(Request):
    """A waveform of the run."""

    waves: bool = option("Write a waveform for Surfer or GTKWave.", False)
    waves_mb: int | None = option(
        "Megabytes that the waveform may take; what comes later is run, but not traced.  "
        f"[default: {USUAL_WAVES_MB}]",
        check=at_least_1("WAVES_MB"),
    )

    def __post_init__(self):
        super().__post_init__()
        if self.waves_mb is not None and not self.waves:
            raise BadInput("WAVES_MB has no meaning without WAVES=1: add that or leave it out")

    @property
    def waves_limit(self) -> int:
        """Megabytes that the waveform may take."""
        return self.waves_mb or USUAL_WAVES_MB


@dataclasses.dataclass(frozen=True, kw_only=True)
class Json(Request):
    """A file of the user's for the figures that are printed."""

    json: Path | None = option("File for the same figures as JSON.")

    def check_json(self) -> None:
        """`BadInput` if `keep` could not write the file; sooner than after minutes of work."""
        if self.json is not None:
            check_writable(self.json)

    def keep(self, figures: dict) -> list[Path]:
        """Write the command and ``figures`` to the file, if one was named; returns its path if so.

        ``figures`` are as `json` takes them.
        """
        if self.json is None:
            return []
        text = json.dumps({"command": self.command, **figures}, indent=1)
        write_atomically(self.json, f"{text}\n".encode())
        return [self.json]
