"""Options as users of make know them: ``LAYER=fc256`` is ``--layer fc256``."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

import click

from trispike.models.errors import BadInput


def make_name(name: str) -> str:
    """What make calls the option ``name``: ``data_folder``, ``--data-folder``, ``from_``."""
    word = name.strip("-_").replace("-", "_")
    return "T" if word == "timesteps" else word.upper()


class Option(click.Option):
    """An option that help and errors call by its name in make."""

    @property
    def make_name(self) -> str:
        """Such as ``LAYER``."""
        return make_name(max(self.opts, key=len))

    def values_in(self, words: Sequence[str]) -> Iterator[str]:
        """What ``words``, which may have other mistakes, give it."""
        for word, following in zip(words, [*words[1:], ""], strict=True):
            name, equals, value = word.partition("=")
            if name == self.make_name or name in self.opts:
                yield value if equals else following

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Its names and values, and what it is for."""
        names, text = super().get_help_record(ctx)
        return f"{self.make_name}=, {names}", text

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """What click's errors call it."""
        return f"{self.make_name}="


class Command(click.Command):
    """A command that takes its options in make's way too, before any others.

    `BadInput` for an option that it does not take, with what it takes.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find the options in ``args``; returns what is left, which should be nothing."""
        try:
            return super().parse_args(ctx, list(self._options(args)))
        except click.NoSuchOption as error:
            raise self._unknown(make_name(error.option_name)) from None

    def _options(self, words: Sequence[str]) -> Iterator[str]:
        """``words`` with those like ``NAME=value`` at their beginning as options."""
        options = {each.make_name: each for each in self.params}
        for place, word in enumerate(words):
            name, equals, value = word.partition("=")
            if not (equals and re.fullmatch(r"\w+", name)):
                yield from words[place:]
                return
            yield from self._option(options, name, value)

    def _option(self, options: Mapping[str, Option], name: str, value: str) -> Iterator[str]:
        if name not in options and name != "HELP":
            raise self._unknown(name)
        if name == "HELP" or options[name].is_flag:
            if value not in ("", "0", "1"):
                raise BadInput(f"{name} must be 1 or 0, not {value!r}")
            if value == "1":
                yield f"--{name.lower().replace('_', '-')}"
        elif value:
            yield f"{max(options[name].opts, key=len)}={value}"

    def _unknown(self, name: str) -> BadInput:
        names = [each.make_name for each in self.params]
        near = difflib.get_close_matches(name.upper(), names, n=1, cutoff=0.7)
        remedy = f"did you mean {near[0]}=?" if near else "leave it out."
        takes = " ".join(f"{each}=" for each in names)
        return BadInput(f"{self.name} takes no {name}=; {remedy} It takes {takes}")
