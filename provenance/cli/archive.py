"""`provenance coverage`, `stats`, `doctor`, `verify`, `reindex`: looking after the archive."""

import click

from provenance.cli.context import Context, as_json, pass_context, print_json, print_text, progress


@click.command()
@click.argument("names", metavar="[NAME…]", nargs=-1)
@as_json
@pass_context
def coverage(context: Context, names: tuple[str, ...], json_: bool) -> None:
    """Show what the archive holds of each channel, and the gaps."""
    from provenance.app.upkeep import coverage as covered
    from provenance.render import as_json, terminal

    channels, total = covered(context.open(), names)
    if json_:
        print_json(as_json.channel_coverage(channels, total))
    else:
        print_text(terminal.coverage(channels, total))


@click.command()
@as_json
@pass_context
def stats(context: Context, json_: bool) -> None:
    """Count what the archive holds."""
    from provenance.app import upkeep
    from provenance.render import as_json, terminal

    counted = upkeep.stats(context.open(), context.session)
    if json_:
        print_json(as_json.stats(counted))
    else:
        print_text(terminal.stats(counted))


@click.command()
@as_json
@pass_context
def doctor(context: Context, json_: bool) -> None:
    """Tell what works here and what is missing. Exit status 1: something needed is broken."""
    from provenance.app import upkeep
    from provenance.render import as_json, terminal

    here = upkeep.doctor(context.directory, context.session, context.deliver_to)
    checks = [context.check_settings(), *here, context.check_model(), context.check_pdf()]
    if json_:
        print_json(as_json.doctor(checks))
    else:
        print_text(terminal.doctor(checks))
    if any(each.ok is False for each in checks):
        raise click.exceptions.Exit(1)


@click.command()
@as_json
@pass_context
def verify(context: Context, json_: bool) -> None:
    """Check every file and every row against its hash. Exit status 1: something is wrong."""
    from provenance.app.verify import verify as check
    from provenance.render import as_json, terminal

    with progress() as bars:
        result = check(context.open(), bars)
    if json_:
        print_json(as_json.verified(result))
    else:
        print_text(terminal.verified(result))
    if result.problems:
        raise click.exceptions.Exit(1)


@click.command()
@as_json
@pass_context
def reindex(context: Context, json_: bool) -> None:
    """Make everything derived anew: fingerprints, matches, pictures, chains. What was observed stays as it is."""
    from provenance.app import upkeep
    from provenance.render.terminal import imported

    with progress() as bars, context.sandbox() as sandbox:
        counted = upkeep.reindex(context.open(), sandbox, bars, context.model())
    if json_:
        print_json({"schema": "provenance/reindex/1", "counts": dict(counted)})
    else:
        kept = ("files", "fingerprints", "matches", "pictures", "links")
        print_text(imported([(name, str(counted[name])) for name in kept], ()))
