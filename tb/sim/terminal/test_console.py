"""What a progress bar says of the work that is left."""

import pytest
from rich.progress import Progress

from trispike.sim.terminal.console import next_phase, progress_bar


@pytest.fixture
def bar():
    """A bar of images, the seconds that its clock stands at, and what it says of a task."""
    now = [0.0]
    progress = progress_bar("images")
    progress.get_time = lambda: now[0]

    def told(task: int) -> list[str]:
        (found,) = [each for each in progress.tasks if each.id == task]
        *_, count, elapsed, left = (str(column(found)) for column in progress.columns)
        return [count, elapsed, left]

    return progress, now, told


def test_tells_what_remains(bar):
    """Images and time, at the pace since the phase began, however seldom it is told of it."""
    progress, now, told = bar
    task = progress.add_task("building", total=None)
    now[0] = 100.0
    assert told(task) == ["", "0:01:40", ""]
    task = next_phase(progress, task, "simulating", 1200)
    assert len(progress.tasks) == 1
    assert told(task) == ["0/1,200 images", "0:00:00", ""]
    now[0] += 90.0
    progress.update(task, completed=300)
    assert told(task) == ["300/1,200 images", "0:01:30", "0:04:30 left"]
    progress.update(task, completed=1200)
    now[0] += 10.0
    assert told(task) == ["1,200/1,200 images", "0:01:30", "0:00:00 left"]


def test_things_of_a_task(bar):
    """A task may count something else than the others of its bar."""
    progress, _, told = bar
    task = progress.add_task("training", total=3, things="epochs")
    assert told(task)[0] == "0/3 epochs"


def test_silent_where_there_is_no_terminal(capsys):
    """A log file has no bars."""
    with progress_bar("images") as progress:
        assert isinstance(progress, Progress)
        progress.add_task("simulating", total=3)
    assert capsys.readouterr() == ("", "")
