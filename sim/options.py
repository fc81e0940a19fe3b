"""Options that several commands have."""

from pathlib import Path

import click

from models import datasets
from models.numbers import LANES
from models.presets import PRESETS

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
