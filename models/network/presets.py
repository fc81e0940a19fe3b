"""The four networks of TW-SNN's table 1, by name."""

from trispike.models.errors import BadInput
from trispike.models.network.shape import NetworkShape

PRESETS: dict[str, NetworkShape] = {
    shape.name: shape
    for shape in (
        NetworkShape.dense(name="fc256", sizes=(784, 256, 10)),
        NetworkShape.dense(name="fc256_256", sizes=(784, 256, 256, 10)),
        NetworkShape.dense(name="fc1024", sizes=(784, 1024, 10)),
        NetworkShape.dense(name="fc1024_1024", sizes=(784, 1024, 1024, 10)),
    )
}


def preset(name: str) -> NetworkShape:
    """Shape of the network called ``name``; `BadInput` names the known ones."""
    try:
        return PRESETS[name]
    except KeyError:
        raise BadInput(f"LAYER must be one of {', '.join(PRESETS)}, not {name!r}") from None
