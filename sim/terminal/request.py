"""What a command is asked: a frozen dataclass whose fields are the command's options.

The field ``data_folder`` is ``--data-folder`` to a shell, and ``DATA_FOLDER=`` to make and a shell.
"""

import contextlib
import dataclasses
import shlex
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import click
from click.core import ParameterSource

from trispike.models.errors import BadInput
from trispike.sim.terminal.parser import Command, Option, make_name

_RESULTS = ("json", "trace", "timeline")
"""Options that name a file which a run writes at its end."""

_PLACES = (*_RESULTS, "timeline_images", "timeline_flits", "output")
"""Options that name files to write, or say how much there is in these."""


def option(
    text: str, default: Any = None, *, check: Callable[[Any], object] | None = None, **more: Any
) -> Any:
    """A field that is an option, with its help ``text``.

    ``check`` raises `BadInput` for a value, other than None, that there cannot be. ``more`` is
    passed on to click; ``short`` is a short name.
    """
    return dataclasses.field(default=default, metadata={"help": text, "check": check, **more})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """What a command is asked; its subclasses have fields made by `option`."""

    command: ClassVar[str] = ""
    """What one says to make for it, but for the places of what it writes: the same for the same
    files. Nothing if it did not come from the command line."""

    def __post_init__(self):
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if each.metadata["check"] and value is not None:
                each.metadata["check"](value)


def command(
    name: str, request: type | Mapping[type, str], choose: Callable[[dict], type] | None = None
) -> Callable[[Callable], Command]:
    """A decorator: the command ``name`` that calls the function with what it is asked.

    ``request`` is the class of that. A command that is asked one thing or another has several
    classes, each with what its options are for, and ``choose`` tells the class by the values of
    all options. An option that was given and that the class has no field for is refused: it is for
    what the first class that has it is for.
    """
    modes = dict(request) if isinstance(request, Mapping) else {request: ""}
    fields = {each.name: each for mode in reversed(modes) for each in dataclasses.fields(mode)}

    def decorate(execute: Callable[[Any], None]) -> Command:
        @click.pass_context
        def call(context: click.Context, /, **values: Any) -> None:
            old = {values[each]: stamp(values[each]) for each in _RESULTS if values.get(each)}
            try:
                mode = choose(values) if choose else next(iter(modes))
                mine = {each.name for each in dataclasses.fields(mode)}
                source = context.get_parameter_source
                given = {k: values[k] for k in fields if source(k) is not ParameterSource.DEFAULT}
                for each in given:
                    if each not in mine:
                        where = next(where for mode, where in modes.items() if hasattr(mode, each))
                        raise BadInput(f"{make_name(each)}= is for {where}; leave it out")
                asked = mode(**{each: values[each] for each in mine})
                object.__setattr__(asked, "command", _make_command(name, given))
                execute(asked)
            except BaseException:
                for path, its in old.items():
                    set_aside(path, its)
                raise

        params = [_click_option(each) for each in fields.values()]
        return _Command(name, callback=call, params=params, help=execute.__doc__)

    return decorate


class _Command(Command):
    """A command whose refusal leaves no older result that looks like its own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As `sim.terminal.parser.Command.parse_args`."""
        try:
            return super().parse_args(ctx, args)
        except (BadInput, click.ClickException):
            for option in self.params:
                if option.name in _RESULTS:
                    for path in map(Path, option.values_in(args)):
                        set_aside(path, stamp(path))
            raise


def _make_command(name: str, given: Mapping[str, Any]) -> str:
    """The make command with the options ``given``, see `Request.command`."""
    words = [
        f"{make_name(each)}={1 if value is True else shlex.quote(str(value))}"
        for each, value in given.items()
        if each not in _PLACES
    ]
    return " ".join([f"make {name}", *words])


def stamp(path: Path) -> tuple[int, int, int] | None:
    """What tells the file ``path`` from one that takes its place, by no clock; None: no file."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return (status.st_ino, status.st_mtime_ns, status.st_size) if path.is_file() else None


def set_aside(path: Path, old: tuple[int, int, int] | None) -> None:
    """Rename ``path`` if it has the stamp ``old`` of before this run, which failed.

    It would look like its result.
    """
    with contextlib.suppress(OSError):
        if old is not None and stamp(path) == old:
            path.replace(path.with_name(f"{path.name}.old"))


def _click_option(field: dataclasses.Field) -> Option:
    kinds = [kind for kind in typing.get_args(field.type) if kind is not types.NoneType]
    kind = kinds[0] if kinds else field.type
    more = {"type": click.Path(path_type=Path) if kind is Path else kind, **field.metadata}
    del more["check"]
    word = f"--{field.name.rstrip('_').replace('_', '-')}"
    names = [field.name, word, *filter(None, [more.pop("short", None)])]
    if kind is bool:
        return Option(names[:2], is_flag=True, help=more["help"])
    shown = field.default not in (None, "")
    return Option(names, default=field.default, show_default=shown, **more)


def at_least_1(name: str) -> Callable[[int], None]:
    """A check that a number is 1 or more; ``name`` is what make calls it."""

    def check(value: int) -> None:
        if value < 1:
            raise BadInput(f"{name} must be 1 or more, not {value}")

    return check
