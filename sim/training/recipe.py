"""Settings of a training, and the named recipes."""

import dataclasses
import math
from typing import Any

from trispike.models.errors import BadInput
from trispike.models.network.numbers import MAX_TIMESTEPS

V_TH = 1.0
"""Firing threshold of every neuron during training."""

LOSSES = ("first spike", "label", "squared hinge", "cross entropy")
SCHEDULES = ("cosine", "exponential")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """Settings of a training; a weight file's card holds all of them.

    timesteps: Timesteps that an image is presented for, 1 to 255; 1 for networks whose neurons
        start each timestep from zero, which run for any number.
    weight_bits: 2 for ternary weights, 32 for the baseline without quantisation.
    beta: Weights below this fraction of their layer's largest become 0 (TW-SNN eq. 11), 0 to 1.
    learnt_alpha: Whether each layer learns the magnitude of its ternary weights. If not, it is the
        mean of the full-precision weights that are kept (TW-SNN eq. 10).
    start: Initial value of a learnt alpha, in standard deviations of the initial weights, above 0.
    loss: One of ``LOSSES``, see `sim.training.losses`.
    batch: Images in a step, 1 or more.
    draws: Times that the input spikes of an image are drawn in a step, 1 or more; the loss has the
        mean potentials of all, and a label for each. More than 1 only with one timestep.
    schedule: How Adam's step size falls from ``first_rate`` to ``last_rate``, one of ``SCHEDULES``.
    first_rate, last_rate: Adam's step size in the first and in the last step, above 0.
    decay: Adam's decoupled weight decay: each step, full-precision weights shrink by this times the
        step size. 0 or more; 0 is TW-SNN's own.
    dropout: Probability that a hidden spike is withheld from the next layer, 0 to below 1.
    window: Half width of the spike's gradient in units of the threshold: a neuron passes half the
        error on if its potential is within ``window`` of the threshold (Yin 2017, eq. 4). None is
        TW-SNN eq. 12: every neuron above the threshold, and no other.
    distortion: Strength of random affine maps of the images, or of shifts of given spikes, 0 for
        none to 1; see `sim.training.distortion`.
    elastic: Size of random elastic distortions of the images: standard deviation of the
        displacement in pixels, 0 or more.
    flips: Whether distorted images are mirrored left to right with a chance of a half.
    copies: Distorted copies of the training set, 1 or more. Epochs use them in turn, with new
        spikes; with as many copies as epochs, every epoch has new images.
    undistorted: Fraction of the epochs, at the end, that use undistorted images, 0 to 1.
    activity_limit, activity_price: Each spike of a hidden layer beyond the limit in one timestep
        adds this price to the loss, as the hardware takes one cycle a spike. A price of 0 is
        TW-SNN's own loss.
    energy_price: Each nJ of a prediction adds this to the loss: of what spikes set going, see
        `sim.cost.prices`.
    """

    name: str = "custom"
    timesteps: int = 1
    weight_bits: int = 2
    beta: float = 0.1
    learnt_alpha: bool = False
    start: float = 3.0
    loss: str = "first spike"
    batch: int = 250
    draws: int = 1
    schedule: str = "cosine"
    first_rate: float = 4e-3
    last_rate: float = 1e-5
    decay: float = 0.0
    dropout: float = 0.0
    window: float | None = 1.0
    distortion: float = 0.0
    elastic: float = 0.0
    flips: bool = False
    copies: int = 12
    undistorted: float = 0.0
    activity_limit: float = 60.0
    activity_price: float = 0.005
    energy_price: float = 0.0

    def __post_init__(self):
        allowed = {
            "name": ("a text", lambda x: isinstance(x, str)),
            "timesteps": (
                f"an integer, 1 to {MAX_TIMESTEPS}",
                lambda x: type(x) is int and 1 <= x <= MAX_TIMESTEPS,
            ),
            "weight_bits": ("2 or 32", lambda x: type(x) is int and x in (2, 32)),
            "beta": ("from 0 to 1", lambda x: 0 <= x <= 1),
            "learnt_alpha": ("true or false", lambda x: type(x) is bool),
            "start": ("above 0", lambda x: 0 < x < math.inf),
            "loss": (f"one of {', '.join(LOSSES)}", lambda x: x in LOSSES),
            "batch": ("an integer, 1 or more", lambda x: type(x) is int and x >= 1),
            "draws": ("an integer, 1 or more", lambda x: type(x) is int and x >= 1),
            "schedule": (f"one of {', '.join(SCHEDULES)}", lambda x: x in SCHEDULES),
            "first_rate": ("above 0", lambda x: 0 < x < math.inf),
            "last_rate": ("above 0", lambda x: 0 < x < math.inf),
            "decay": ("0 or more", lambda x: 0 <= x < math.inf),
            "dropout": ("from 0 to below 1", lambda x: 0 <= x < 1),
            "window": ("above 0, or None", lambda x: x is None or 0 < x < math.inf),
            "distortion": ("from 0 to 1", lambda x: 0 <= x <= 1),
            "elastic": ("0 or more", lambda x: 0 <= x < math.inf),
            "flips": ("true or false", lambda x: type(x) is bool),
            "copies": ("an integer, 1 or more", lambda x: type(x) is int and x >= 1),
            "undistorted": ("from 0 to 1", lambda x: 0 <= x <= 1),
            "activity_limit": ("0 or more", lambda x: 0 <= x < math.inf),
            "activity_price": ("0 or more", lambda x: 0 <= x < math.inf),
            "energy_price": ("0 or more", lambda x: 0 <= x < math.inf),
        }
        for name, (range_text, holds) in allowed.items():
            value = getattr(self, name)
            if not holds(value):
                raise BadInput(f"{name} must be {range_text}, not {value!r}")
        if self.draws > 1 and self.timesteps > 1:
            raise BadInput(f"draws must be 1 with {self.timesteps} timesteps, not {self.draws}")

    def fields(self) -> dict[str, Any]:
        """All settings by name, as in a card."""
        return dataclasses.asdict(self)


TW_SNN = Recipe(
    name="tw-snn",
    beta=0.01,
    loss="squared hinge",
    batch=100,
    schedule="exponential",
    first_rate=1e-3,
    last_rate=1e-5,
    dropout=0.2,
    activity_price=0.0,
)
"""TW-SNN's algorithm 3 with the spike gradient of Yin 2017, the source of TW-SNN's neuron."""

TRISPIKE = Recipe(
    name="trispike", learnt_alpha=True, first_rate=3e-3, decay=0.2, distortion=0.7, undistorted=0.2
)
"""Our recipe; docs/training.md has the gain of each setting."""

RECIPES = {
    recipe.name: recipe
    for recipe in (
        TRISPIKE,
        dataclasses.replace(TRISPIKE, name="trispike-sparse", beta=0.25),
        dataclasses.replace(TRISPIKE, name="trispike-energy", loss="label", energy_price=0.0012),
        TW_SNN,
        dataclasses.replace(TW_SNN, name="tw-snn-32bit", weight_bits=32),
        dataclasses.replace(TW_SNN, name="tw-snn-literal", window=None),
        dataclasses.replace(TRISPIKE, name="trispike-32bit", weight_bits=32),
    )
}
"""Recipes by name. ``tw-snn-literal`` has TW-SNN's own spike gradient (eq. 12)."""

_OF_MAPS: dict[str, Any] = {
    "draws": 1,
    "loss": "cross entropy",
    "batch": 200,
    "decay": 0.1,
    "copies": 1000,
    "undistorted": 0.1,
    "activity_price": 0.0,
}
"""What convolutional networks have: newly distorted images in every epoch but the last ones."""

_OF_PIXELS = {**_OF_MAPS, "distortion": 0.4, "flips": True}
"""Those of CIFAR-10's photographs."""

TUNED: dict[str, dict[str, Any]] = {
    "diet256_256": {
        "timesteps": 2,
        "draws": 1,
        "loss": "cross entropy",
        "copies": 150,
        "undistorted": 0.1,
        "activity_price": 0.0,
    },
    "ct256_256": {
        "timesteps": 16,
        "draws": 1,
        "loss": "cross entropy",
        "decay": 0.1,
        "distortion": 0.5,
        "activity_limit": 20.0,
    },
    "ws1200_1200": {
        "timesteps": 24,
        "draws": 1,
        "loss": "cross entropy",
        "copies": 60,
        "undistorted": 0.1,
        "activity_price": 0.0,
    },
    "first512": {
        "timesteps": 8,
        "draws": 1,
        "start": 1.0,
        "copies": 60,
        "undistorted": 0.1,
        "activity_price": 0.0,
    },
    "dc12_64_512": {**_OF_MAPS, "distortion": 0.4},
    "ws12_64": {**_OF_MAPS, "timesteps": 16, "batch": 100, "distortion": 0.25},
    "first32_16": {
        **_OF_MAPS,
        "timesteps": 4,
        "loss": "first spike",
        "batch": 100,
        "distortion": 0.0,
    },
    "vgg7s": {**_OF_PIXELS, "batch": 100, "distortion": 0.2},
    "vgg5": _OF_PIXELS,
    "vgg9": _OF_PIXELS,
    "vgg16": _OF_PIXELS,
}
"""What the networks of other neurons than TW-SNN's have in place of a recipe's own settings."""

TUNED_TO_DATA: dict[str, dict[str, Any]] = {
    "fashion": {
        "draws": 3,
        "decay": 0.1,
        "distortion": 0.3,
        "copies": 60,
        "undistorted": 0.15,
        "activity_limit": 150.0,
    },
}
"""What `TRISPIKE`, and recipes made of it, have on other data than digits."""


def changed(recipe: Recipe, settings: str) -> Recipe:
    """``recipe`` with some settings changed, called ``custom``.

    ``settings`` is NAME=VALUE pairs, separated by spaces; an empty text changes nothing. `BadInput`
    for an unknown name and for a value of the wrong type.
    """
    values: dict[str, Any] = {}
    kinds = {field.name: field.type for field in dataclasses.fields(Recipe)}
    for setting in settings.split():
        name, _, text = setting.partition("=")
        if name not in kinds or name == "name":
            names = ", ".join(kind for kind in kinds if kind != "name")
            raise BadInput(f"a setting must be NAME=VALUE of {names}, not {setting!r}")
        values[name] = _value(name, text, kinds[name])
    return dataclasses.replace(recipe, name="custom", **values) if values else recipe


def _value(name: str, text: str, kind: Any) -> Any:
    if kind is str:
        return text.replace("-", " ")
    if kind is bool and text in ("true", "false"):
        return text == "true"
    if text == "none" and kind == float | None:
        return None
    try:
        return int(text) if kind is int else float("" if kind is bool else text)
    except ValueError:
        kind_text = {int: "an integer", bool: "true or false"}.get(kind, "a number")
        raise BadInput(f"{name} must be {kind_text}, not {text!r}") from None


def recipe(name: str, layer: str = "", data: str = "") -> Recipe:
    """The recipe called ``name``, for a network and a data set; `BadInput` names the known ones."""
    try:
        chosen = RECIPES[name]
    except KeyError:
        raise BadInput(f"RECIPE must be one of {', '.join(RECIPES)}, not {name!r}") from None
    to_data = TUNED_TO_DATA.get(data, {}) if name.startswith(TRISPIKE.name) else {}
    return dataclasses.replace(chosen, **{**to_data, **TUNED.get(layer, {})})
