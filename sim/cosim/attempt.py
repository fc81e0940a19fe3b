"""One attempt at a shard: a simulator in a folder of its own."""

import tempfile
from pathlib import Path

from trispike.models.errors import BadInput
from trispike.sim.cosim import harness, outcome
from trispike.sim.cosim.outcome import Outcome
from trispike.sim.cosim.shard import Shard, withdraw
from trispike.sim.tools import simulator
from trispike.sim.tools.simulator import SimulationError

_PREFIX = "attempt-"


def run_shard(model: Path, shard: Shard, place: Path, waves: int) -> Outcome:
    """Simulate ``shard`` on the Verilated ``model``; its files go to a new folder in ``place``.

    What is judged is kept there as it is made. `SimulationError` if the simulator dies; a
    divergence is an answer.
    """
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    shard.write(folder)
    arguments = [f"+predictions={len(shard.images)}", f"+chunk={shard.chunk}"]
    arguments += ["+potentials"] if shard.potentials else []
    arguments += [f"+waves={waves}"] if waves else []
    arguments += [f"+timeline={shard.timeline}"] if shard.timeline else []
    try:
        simulator.simulate(
            model,
            harness.TOP,
            "trispike.sim.cosim.compare_cocotb",
            run_folder=folder,
            plus_args=tuple(arguments),
        )
    except (SimulationError, BadInput):
        found = outcome.read(folder)
        if found is None or found.first is None:
            raise  # it broke down
        return found
    finally:
        (folder / "stimulus.hex").unlink(missing_ok=True)
    return outcome.read(folder)


def attempts(place: Path) -> list[Path]:
    """Folders of all attempts in ``place``, the one that judged most images first."""
    return sorted(place.glob(f"{_PREFIX}*"), key=outcome.images_in, reverse=True)


def images_done(place: Path) -> int:
    """Images that the best attempt in ``place`` has judged so far."""
    return max(map(outcome.images_in, attempts(place)), default=0)


def best(place: Path) -> Outcome | None:
    """What the best attempt in ``place`` has found so far; None if no image was judged."""
    return next((outcome.read(folder) for folder in attempts(place)), None)


def give_up(place: Path) -> None:
    """Have the simulators of all attempts in ``place`` end, wherever they run."""
    for folder in attempts(place):
        withdraw(folder)
