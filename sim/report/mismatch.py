"""What differs between the RTL and a model, as every judge names it."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mismatch:
    """One difference between RTL and model. A field that does not apply is None.

    image: Index of the image in its data set.
    timestep, layer: Counted from 1; layer 0 is the input.
    position, neuron: Counted from 0.
    where: Node, or sender and receiver, on a mesh.
    cycle: When the RTL showed it.
    expected, got: The two values, or what stands for them.
    """

    what: str
    image: int | None = None
    timestep: int | None = None
    layer: int | None = None
    position: int | None = None
    neuron: int | None = None
    where: str | None = None
    cycle: int | None = None
    expected: int | str | None = None
    got: int | str | None = None

    def __str__(self):
        place = {
            name: f"{name} {value}"
            for name, value in vars(self).items()
            if value is not None and name not in ("what", "expected", "got")
        }
        if self.layer == 0:
            place["layer"] = "input"
        if self.where is not None:
            place["where"] = self.where
        values = "" if self.expected is None else f"expected {self.expected}, got {self.got}"
        return ": ".join(filter(None, (self.what, ", ".join(place.values()), values)))


class MismatchFound(Exception):
    """Ends a command with status 1; the command line prints ``mismatch`` in one line.

    ``more`` says where there is more of it to be seen.
    """

    def __init__(self, mismatch: Mismatch, more: str = ""):
        super().__init__("; ".join(filter(None, (str(mismatch), more))))
        self.mismatch = mismatch
