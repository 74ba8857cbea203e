"""Commands that may be tried in any order, who tries them, and on what."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from accounts.sign_ins import SignedIn
from tests.any_order import cast
from tests.any_order.rows import Row
from tests.any_order.world import World

PLACE = st.integers(0, 3)
ANYBODY = st.one_of(st.none(), st.none(), st.none(), st.sampled_from(cast.EVERYBODY))
"""Mostly whoever it is for, sometimes anybody."""
CLIENT, EXPERT = st.sampled_from(cast.CLIENTS), st.sampled_from(cast.EXPERTS)
NO_STEPS = dict.fromkeys(("step_1_name", "step_1_from", "step_1_until"), "")

COMMANDS: dict[str, dict[str, SearchStrategy[Any]]] = {}
OFTEN: list[str] = []
"""The names of all commands, each as often as it is to be tried."""
Method = TypeVar("Method", bound=Callable[..., None])


@dataclass(frozen=True)
class Command:
    """Something to be tried, written as what does it."""

    name: str
    arguments: dict[str, Any]

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"


def command(weight: int, **arguments: SearchStrategy[Any]) -> Callable[[Method], Method]:
    """Have a method be one of the commands. Rules of their own would each be left out of half of all runs."""

    def note(method: Method) -> Method:
        COMMANDS[method.__name__] = arguments
        OFTEN.extend([method.__name__] * weight)
        return method

    return note


@st.composite
def commands(draw: st.DrawFn) -> Command:
    name = draw(st.sampled_from(OFTEN))
    return Command(name, {argument: draw(strategy) for argument, strategy in COMMANDS[name].items()})


class Commands:
    """A world to try commands in."""

    world: World
    edits = 0
    """How often somebody has written something: nothing is written twice alike."""

    def who(self, name: str | None, usual: Callable[[SignedIn], object]) -> SignedIn:
        """Return somebody by name; without one, the first whom it is for."""
        if name is not None:
            return self.world.people[name]
        return next((who for who in self.world.people.values() if usual(who)), self.world.people["olga"])

    def client_of(self, name: str | None, row: Row) -> SignedIn:
        return self.who(name, lambda who: who.client_id is not None and who.client_id == row["client_id"])

    def expert_of(self, name: str | None, row: Row) -> SignedIn:
        return self.who(name, lambda who: who.expert_id is not None and who.expert_id == row["expert_id"])
