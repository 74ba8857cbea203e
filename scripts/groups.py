"""Groups of commands whose modules are imported only when somebody asks for them: importing all takes seconds."""

import gc
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group


def of(places: Mapping[str, str]) -> type[TyperGroup]:
    """Return what a Typer is made with: it has these as well, each at `module:name`, a function or a Typer."""

    class Group(TyperGroup):
        """Lists its own first, then those that stand elsewhere."""

        def list_commands(self, ctx: Any) -> list[str]:
            return list(dict.fromkeys((*super().list_commands(ctx), *places)))

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            # Of a name that nobody has, those that look like it are told: all of them have to be known then.
            for name in [cmd_name] if cmd_name in self.list_commands(ctx) else places:
                if name in places and name not in self.commands:
                    self.commands[name] = _load(name, places[name])
            return super().get_command(ctx, cmd_name)

    return Group


@contextmanager
def importing() -> Generator[None]:
    """Look for no garbage meanwhile: modules leave none, and looking takes a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _load(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    with importing():
        found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        loaded = get_group(found)
    else:
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command()(found)
        loaded = get_command(alone)
    loaded.name = name
    return loaded
