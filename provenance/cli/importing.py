"""`provenance import …`: exports and folders into the archive."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from provenance.cli.context import Context, as_json, pass_context, print_json, print_text, progress

if TYPE_CHECKING:
    from provenance.app.ingest import Imported


@click.group("import")
def import_() -> None:
    """Take posts and images into the archive; makes the archive where there is none."""


@import_.command("telegram-export")
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=click.Path(path_type=Path))
@as_json
@pass_context
def telegram_export(context: Context, paths: tuple[Path, ...], json_: bool) -> None:
    """Import Telegram Desktop exports (JSON): folders, result.json files, whole accounts.

    Importing again adds only what is new. Changed posts are kept as new versions beside the old ones.
    """
    from provenance.app.ingest import import_exports
    from provenance.archive.migrate import create_or_open
    from provenance.sources.desktop import probe

    refused = [probe(path) for path in paths]
    if refused[0] is not None and None not in refused:
        raise refused[0]  # Where there is no export at all, no archive is made and none is touched.
    with progress() as bars, context.sandbox() as sandbox:
        archive = create_or_open(context.directory)
        imported = import_exports(archive, paths, sandbox, bars, context.max_bytes, context.model())
    print_imported(imported, json_)


@import_.command("folder")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="What the collection is called in answers.")
@as_json
@pass_context
def folder(context: Context, path: Path, name: str, json_: bool) -> None:
    """Import a folder of images as a collection; its files' times count as claims only."""
    from provenance.app.ingest import import_folder
    from provenance.archive.migrate import create_or_open
    from provenance.errors import SourceError

    if not path.is_dir():
        raise SourceError(path=path, what="there is no such folder")
    with progress() as bars, context.sandbox() as sandbox:
        archive = create_or_open(context.directory)
        imported = import_folder(archive, path, name, sandbox, bars, context.max_bytes, context.model())
    print_imported(imported, json_)


def print_imported(imported: "Imported", json_: bool) -> None:
    """Print what an import brought. Raises the error of a source that was damaged, after printing."""
    counts = imported.counts
    posts = (counts.posts_new, counts.posts_known, counts.posts_changed)
    images = (counts.images_new, counts.images_known, counts.images_missing, counts.images_refused)
    if json_:
        from provenance.render.as_json import imported as document

        print_json(document(len(counts.channels), posts, images, imported.problems))
    else:
        from provenance.render.terminal import imported as text

        rows = [
            ("channels", str(len(counts.channels))),
            ("posts", "{} new, {} known, {} changed".format(*posts)),
            ("images", "{} new, {} known, {} missing, {} refused".format(*images)),
        ]
        print_text(text(rows, imported.problems))
    if imported.broken is not None:
        raise imported.broken
