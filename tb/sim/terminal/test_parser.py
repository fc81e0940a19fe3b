"""Options in make's way."""

import dataclasses

import click
import pytest

from trispike.models.errors import BadInput
from trispike.sim.cli import cli
from trispike.sim.cosim.command import ChipRun
from trispike.sim.export.command import ChipVerilog, MeshVerilog
from trispike.sim.node.command import RandomRun, TrainedRun
from trispike.sim.synthesis.command import ChipRequest, NodeRequest, RouterRequest
from trispike.sim.terminal.parser import Option, make_name
from trispike.sim.terminal.request import Request, command, option

OPTIONS = {each.make_name for each in cli.commands.values() for each in each.params}
"""Those of all commands."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Coffee(Request):
    data_folder: str = option("Where.", "here")
    timesteps: int = option("How long.", 3, short="-t")
    milk: bool = option("White.", False)


def _ask(*words):
    """What the command is asked by ``words``."""
    asked = []
    command("drink", _Coffee)(asked.append).main(list(words), standalone_mode=False)
    return asked[0] if asked else None


def test_names_of_make():
    """Timesteps are T."""
    names = ("data_folder", "--data-folder", "timesteps")
    assert [make_name(name) for name in names] == ["DATA_FOLDER", "DATA_FOLDER", "T"]
    assert Option(["-t", "--timesteps"]).make_name == "T"


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["DATA_FOLDER=a=b c", "T=5"], _Coffee(data_folder="a=b c", timesteps=5)),
        (["T=-5"], _Coffee(timesteps=-5)),
        (["T=", "MILK="], _Coffee()),
        (["MILK=1"], _Coffee(milk=True)),
        (["MILK=0"], _Coffee()),
        (["T=5", "--data-folder", "T=6"], _Coffee(data_folder="T=6", timesteps=5)),
    ],
)
def test_values(words, asked):
    """Any text; an empty one counts for nothing; a flag is 1 or 0; other options may follow."""
    assert _ask(*words) == asked


def test_help(capsys):
    """HELP=1 shows it, with the options' names in make."""
    assert _ask("HELP=1") is None
    assert "T=, -t, --timesteps INTEGER" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["milk=1"], "^drink takes no milk=; did you mean MILK=.? It takes DATA_FOLDER= T= MILK=$"),
        (["--time", "3"], "^drink takes no TIME=; leave it out. It takes DATA_FOLDER= T= MILK=$"),
        (["--data-foldr", "3"], "^drink takes no DATA_FOLDR=; did you mean DATA_FOLDER="),
        (["MILK=yes"], "^MILK must be 1 or 0, not 'yes'$"),
    ],
)
def test_refusals(words, told):
    """With what the command takes."""
    with pytest.raises(BadInput, match=told):
        _ask(*words)


def test_wrong_type():
    """By its name in make."""
    with pytest.raises(click.BadParameter) as error:
        _ask("T=many")
    assert error.value.format_message().startswith("Invalid value for T=: 'many' is not")


@pytest.mark.parametrize("goal", cli.commands)
def test_every_other_option_is_refused(goal):
    """None that another command takes is ignored."""
    takes = {each.make_name for each in cli.commands[goal].params}
    assert takes < OPTIONS
    for name in OPTIONS - takes:
        with pytest.raises(BadInput, match=f"^{goal} takes no {name}="):
            cli.commands[goal].make_context(goal, [f"{name}=1"])


@pytest.mark.parametrize(
    ("words", "mode"),
    [
        (["sim"], ChipRun),
        (["sim", "MESH=1x1x1"], TrainedRun),
        (["sim", "RANDOM=1x4"], RandomRun),
        (["synth"], ChipRequest),
        (["synth", "BLOCK=router"], RouterRequest),
        (["synth", "BLOCK=node"], NodeRequest),
        (["verilog"], ChipVerilog),
        (["verilog", "MESH=1x1x1"], MeshVerilog),
    ],
)
def test_options_of_other_modes_are_refused(words, mode):
    """What is for one thing that a command does, where it is asked for another."""
    takes = {each.name for each in dataclasses.fields(mode)}
    takes |= {"mesh", "random"}  # by which a mode is chosen
    others = [each for each in cli.commands[words[0]].params if each.name not in takes]
    assert others or mode is TrainedRun
    for each in others:
        value = "none" if each.name == "read_back" else "1"
        with pytest.raises(BadInput, match=f"^{each.make_name}= is for .*; leave it out$"):
            cli.main([*words, f"{each.make_name}={value}"], standalone_mode=False)
