"""Options that several commands have."""

from pathlib import Path

import click

from trispike.models.data import datasets
from trispike.models.errors import BadInput
from trispike.models.mesh.topology import MAX_DEAD_LINKS, MAX_DEPTH, Routing
from trispike.models.network.numbers import LANES
from trispike.models.network.presets import PRESETS

DEFAULT_IMAGES = 1000

layer_option = click.option(
    "--layer",
    default="fc256",
    show_default=True,
    help=f"Network: {', '.join(PRESETS)}.",
)
data_option = click.option(
    "--data",
    default="digits",
    show_default=True,
    help=f"Data set: {', '.join(datasets.NAMES)}.",
)
lanes_option = click.option(
    "--lanes",
    default=1,
    show_default=True,
    help=f"Spikes that a layer takes in one cycle: {', '.join(map(str, LANES))}.",
)
depth_option = click.option(
    "--depth",
    default=4,
    show_default=True,
    help=f"Flits that each input buffer of a router holds, 2 to {MAX_DEPTH}.",
)
routing_option = click.option(
    "--routing",
    default=Routing.XYZ.value,
    show_default=True,
    help=f"Routing function of a router: {', '.join(each.value for each in Routing)}.",
)
dead_links_option = click.option(
    "--dead-links",
    default=0,
    show_default=True,
    help=f"Dead links that a router can be told of, 0 to {MAX_DEAD_LINKS}.",
)
weights_option = click.option(
    "--weights",
    "weight_file",
    type=click.Path(path_type=Path),
    help="Weight file (.npz with its card) in place of the one committed for LAYER and DATA.",
)
folder_option = click.option(
    "--data-folder",
    type=click.Path(path_type=Path),
    help="Folder with the four IDX files of mnist or fashion; otherwise $TRISPIKE_DATA (mnist) or "
    "$TRISPIKE_FASHION; for mnist else a cache or a download.",
)
images_option = click.option(
    "--images",
    "-n",
    type=int,
    help=f"Test images.  [default: {DEFAULT_IMAGES}, or all if there are fewer]",
)


def refused_options(names: str, where: str):
    """Decorator: a command's options ``names``, which are for something else, each refused by name.

    ``where`` says what they are for. A name that ends in ``!`` is a flag.
    """

    def refuse(context: click.Context, option: click.Parameter, value: object) -> None:
        if value:
            name = option.name.upper()
            raise BadInput(f"{name}= is for {where}; leave it out")

    def decorate(command):
        for name in names.split():
            how = {"hidden": True, "expose_value": False, "callback": refuse}
            flag = name.endswith("!")
            command = click.option(f"--{name.rstrip('!')}", is_flag=flag, **how)(command)
        return command

    return decorate
