"""Downloads a file from the first mirror that has it intact."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from trispike.models.errors import BadInput

TIMEOUT = 20.0
"""Seconds without a byte after which a mirror counts as unreachable."""

_PATIENCE = 2.0
"""Seconds before a download shows a progress bar."""

_CHUNK = 1 << 16


def _get(url: str, limit: int) -> bytes:
    """Body of ``url``, at most ``limit`` bytes. `OSError`, `HTTPException` or `BadInput`."""
    chunks, size, bar, task = [], 0, None, None
    started = time.monotonic()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as reply:
            length = reply.headers.get("Content-Length")
            total = int(length) if length and length.isdecimal() else None
            while chunk := reply.read(_CHUNK):
                chunks.append(chunk)
                size += len(chunk)
                if size > limit:
                    raise BadInput(f"longer than {limit} bytes")
                if bar is None and time.monotonic() - started > _PATIENCE:
                    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
                    console = Console(stderr=True)
                    bar = Progress(*columns, TransferSpeedColumn(), console=console)
                    bar.start()
                    task = bar.add_task(url.rsplit("/", 1)[-1], total=total)
                if bar is not None:
                    bar.update(task, completed=size)
    finally:
        if bar is not None:
            bar.stop()
    if total is not None and size != total:
        raise BadInput(f"ended after {size} of {total} bytes")
    return b"".join(chunks)


def _reason(error: Exception, url: str) -> str:
    """Reason why ``url`` failed, in a few words."""
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        error = error.reason  # without urllib's own wrapping
    text = str(error) or type(error).__name__
    return text.removeprefix(f"{url} ").split("; ")[0]


def download(
    name: str,
    mirrors: Sequence[str],
    check: Callable[[bytes, str], object],
    *,
    limit: int,
    remedy: str,
) -> bytes:
    """Bytes of the file called ``name``, from the first of ``mirrors`` that gives it intact.

    - ``name``: file name, appended to a mirror's address.
    - ``mirrors``: addresses, each ending with a slash, in order of preference.
    - ``check``: called with the bytes and the address; raises `BadInput` for wrong bytes.
    - ``limit``: most bytes to take.
    - ``remedy``: ends the message if all mirrors fail.
    """
    tried = []
    for mirror in mirrors:
        url = mirror + name
        try:
            data = _get(url, limit)
            check(data, url)
            return data
        except (BadInput, OSError, http.client.HTTPException) as error:
            tried.append(f"{url} ({_reason(error, url)})")
    raise BadInput(f"cannot download {name}, tried {', '.join(tried) or 'no mirror'}; {remedy}")
