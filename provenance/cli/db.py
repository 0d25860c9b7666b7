"""`provenance db upgrade`: brings an older archive's tables up to date."""

import click

from provenance.cli.context import Context, as_json, pass_context, print_json


@click.group()
def db() -> None:
    """Look after the archive's tables."""


@db.command()
@as_json
@pass_context
def upgrade(context: Context, json_: bool) -> None:
    """Migrate an archive of an older version, after a backup copy of its database."""
    from provenance.app.upkeep import upgrade as migrate

    _ = context.settings  # Wrong ones are told before anything is changed.
    copy = migrate(context.directory)
    if json_:
        print_json({"schema": "provenance/upgrade/1", "upgraded": copy is not None, "backup": copy and str(copy)})
    elif copy is None:
        click.echo("The archive is up to date; nothing was done.")
    else:
        click.echo(f"The archive is up to date. Its former database is kept as {copy}.")
