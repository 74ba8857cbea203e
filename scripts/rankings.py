"""`portulan ranking`: what decides the order of results."""

import typer

from scripts import interleavings, lifts

app = typer.Typer(help="Look at the ranking, judge it, and change it with evidence.", no_args_is_help=True)
app.command("lift")(lifts.lift)
app.command("traffic")(lifts.traffic)
app.add_typer(interleavings.app, name="interleave")
