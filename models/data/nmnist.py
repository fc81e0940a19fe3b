"""N-MNIST: MNIST's digits as a moving event camera recorded them (Orchard 2015), from a folder.

As in Yin 2017, sec. III-B: on-events of the first saccade, 100 ms in 16 timesteps, in which digits
move down; every recording is taken a second time, played backwards, as a digit that moves up.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trispike.models.data import compressed
from trispike.models.data.encoders import packed
from trispike.models.data.saccade import SAMPLES, SIDE
from trispike.models.data.samples import Part
from trispike.models.errors import BadInput

HOME = "https://www.garrickorchard.com/datasets/n-mnist"
"""The publisher's page."""

_REMEDY = (
    f"get N-MNIST from {HOME} and name the folder with its folders Train and Test, or with "
    f"Train.tar.xz and Test.tar.xz, with DATA_FOLDER= or TRISPIKE_NMNIST"
)
_EVENT_BYTES = 5
_MOST_BYTES = _EVENT_BYTES << 18
"""Of a recording; the publisher's have some thousand events."""

_MOST_ARCHIVE_BYTES = 4 << 30
_SACCADE_US = 100_000
_RECORDING = re.compile(r"(?:.*/)?([0-9])/([0-9]{5})\.bin")


def on_events(recording: bytes, origin: str) -> np.ndarray:
    """Where on-events of the first saccade lie: bool, shape (16, 1156).

    An event is five bytes: x, y, then a bit, 1 for an on-event, and 23 bits of time in us, the most
    significant first. `BadInput`, naming ``origin``, if ``recording`` is none.
    """
    if len(recording) > _MOST_BYTES:
        raise BadInput(f"{origin} must have at most {_MOST_BYTES:,} bytes; fetch it again")
    if not recording or len(recording) % _EVENT_BYTES:
        raise BadInput(
            f"{origin} must hold events of {_EVENT_BYTES} bytes, not {len(recording)} bytes; "
            f"fetch it again"
        )
    events = np.frombuffer(recording, np.uint8).reshape(-1, _EVENT_BYTES)
    x, y, *word = events.T.astype(np.int64)
    if max(x.max(), y.max()) >= SIDE:
        raise BadInput(
            f"{origin} must hold events on {SIDE} x {SIDE} pixels, not at "
            f"{max(x.max(), y.max())}; fetch it again"
        )
    time = (word[0] & 0x7F) << 16 | word[1] << 8 | word[2]
    wanted = (word[0] >> 7 == 1) & (time < _SACCADE_US)
    spikes = np.zeros((SAMPLES.timesteps, SIDE, SIDE), bool)
    steps = time * SAMPLES.timesteps // _SACCADE_US
    spikes[steps[wanted], y[wanted], x[wanted]] = True
    return spikes.reshape(SAMPLES.timesteps, SAMPLES.inputs)


def read(part: Part, folder: Path | None) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Spikes, packed, and labels of a part's recordings, and the sha256 of them all.

    Sample 2k is the recording number k played backwards, 2k + 1 is the recording; labels are as
    those of `models.data.saccade`. `BadInput` for what is missing or broken.
    """
    if folder is None:
        raise BadInput(f"no data folder for N-MNIST; {_REMEDY}")
    if not folder.is_dir():
        raise BadInput(f"data folder {folder} does not exist; {_REMEDY}")
    found = []
    for name, recording in _recordings(part, folder):
        if match := _RECORDING.fullmatch(name):
            digit, number = map(int, match.groups())
            down = packed(on_events(recording, f"{folder / name}"))
            found.append((number, digit, hashlib.sha256(recording).hexdigest(), down))
    if not found:
        raise BadInput(f"data folder {folder} has no recordings {part.value}; {_REMEDY}")
    found.sort(key=lambda recording: recording[:2])
    total = hashlib.sha256("".join(f"{n} {d} {digest}\n" for n, d, digest, _ in found).encode())
    spikes = np.stack([way for *_, down in found for way in (down[::-1], down)])
    labels = [2 * digit + direction for _, digit, *_ in found for direction in (0, 1)]
    return spikes, np.array(labels, np.uint8), {part.value: total.hexdigest()}


def _recordings(part: Part, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Names in ``folder`` and bytes of the recordings of ``part``."""
    name = part.value.capitalize()
    archive = folder / f"{name}.tar.xz"
    try:
        if (folder / name).is_dir():
            for path in (folder / name).glob("*/*.bin"):
                with path.open("rb") as file:
                    yield str(path.relative_to(folder)), file.read(_MOST_BYTES + 1)
        elif archive.is_file():
            yield from compressed.members(archive, _MOST_BYTES + 1, _MOST_ARCHIVE_BYTES)
    except OSError as error:
        reason = error.strerror or error
        raise BadInput(f"cannot read {error.filename or folder / name}: {reason}") from None
