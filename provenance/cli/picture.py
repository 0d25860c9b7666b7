"""`provenance picture split`, `picture splits`, `picture unsplit`: where different photographs were taken for one."""

import click

from provenance.cli.context import Context, as_json, pass_context, print_json, print_text, progress


@click.group()
def picture() -> None:
    """Set files of one picture apart that do not show the same photograph."""


@picture.command()
@click.argument("ref")
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@as_json
@pass_context
def split(context: Context, ref: str, files: tuple[str, ...], json_: bool) -> None:
    """Split files off a picture: they do not show the same photograph as the rest.

    REF is picture:N, each FILE the first digits of a SHA-256, as `show picture:N` lists them. The two sides are never
    joined again, whatever comes in and whatever is made anew, until `picture unsplit`.
    """
    from provenance.app import picture as pictures
    from provenance.render import picture as render

    with progress() as bars, context.sandbox() as sandbox:
        done = pictures.split(context.open(), ref, files, sandbox, bars, context.model())
    if json_:
        print_json(render.document(done.separation, done.pictures, done.waiting))
    else:
        print_text(render.split(done.separation, done.pictures, done.waiting, done.off))


@picture.command()
@as_json
@pass_context
def splits(context: Context, json_: bool) -> None:
    """List what was split off from what, and when; with what was withdrawn since."""
    from provenance.app import picture as pictures
    from provenance.render import picture as render

    listed = pictures.splits(context.open())
    if json_:
        print_json(render.listed_document(listed))
    else:
        print_text(render.listed(listed))


@picture.command()
@click.argument("number", metavar="N", type=int)
@as_json
@pass_context
def unsplit(context: Context, number: int, json_: bool) -> None:
    """Withdraw separation N: its files may be one picture again, and are if they look so."""
    from provenance.app import picture as pictures
    from provenance.render import picture as render

    with progress() as bars, context.sandbox() as sandbox:
        done = pictures.unsplit(context.open(), number, sandbox, bars, context.model())
    if json_:
        print_json(render.document(done.separation, done.pictures, done.waiting))
    else:
        print_text(render.unsplit(done.separation, done.pictures, done.waiting))
