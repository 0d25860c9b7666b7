"""Shows one thing of the archive with its history: a post, a file, a picture or a channel."""

from provenance.app import circumstances
from provenance.archive import derive, find, read, summary
from provenance.archive import matches as stored
from provenance.archive import metadata as stored_metadata
from provenance.archive.store import Archive, Connection
from provenance.core import chain, fold
from provenance.core.answers import (
    ChannelAnswer,
    FileAnswer,
    Name,
    PictureAnswer,
    PostAnswer,
    Revision,
    ShowAnswer,
    VersionAnswer,
)
from provenance.core.evidence import Evidence
from provenance.core.metadata import Finding
from provenance.core.model import Confidence, File, Match, MatchKind, Sighting, post_url


def show(archive: Archive, ref: str) -> ShowAnswer:
    """Return what REF stands for. Raises NothingFound."""
    with archive.read() as connection:
        found = find.by_ref(connection, ref)
        if found.post is not None:
            return _post(connection, found.post)
        if found.file is not None:
            return _file(archive, connection, found.file)
        if found.picture is not None:
            return _picture(connection, found.picture)
        return _channel(connection, found.channel or 0)


def _post(connection: Connection, post_id: int) -> PostAnswer:
    row = find.post_row(connection, post_id)
    channel = read.channels(connection)[row.channel_id]
    rows = {each.id: each for each in find.version_rows(connection, post_id)}
    versions = read.versions(connection, [post_id])
    files = {held.file.id for version in versions for held in version.held if held.file}
    return PostAnswer(
        channel=channel,
        message_id=row.message_id,
        url=post_url(channel, row.message_id),
        album=row.album,
        album_inferred=row.album_inferred,
        deleted_seen_at=row.deleted_seen_at,
        versions=tuple(
            VersionAnswer(
                version,
                tuple(
                    (each.position, each.missing, each.detail)
                    for each in find.attachments_without_file(connection, version.id)
                ),
                rows[version.id].service,
                rows[version.id].raw,
            )
            for version in versions
        ),
        pictures=read.picture_of(connection, files),
    )


def _sightings(connection: Connection, file_ids: list[int]) -> list[Sighting]:
    versions = read.versions_with_files(connection, file_ids)
    return [each for each in fold.sightings(versions) if each.file.id in file_ids]


def _file(archive: Archive, connection: Connection, file_id: int) -> FileAnswer:
    file = read.files(connection, [file_id])[file_id]
    picture = read.picture_of(connection, [file_id]).get(file_id)
    sightings = tuple(_sightings(connection, [file_id]))
    own = stored_metadata.load(connection, [file_id]).get(file_id)
    members = [file_id] if picture is None else read.files_of_pictures(connection, [picture])[picture]
    built = chain.build(_sightings(connection, members), Evidence(stored.among(connection, members)))
    lent = circumstances.carriers(connection, built, _relations(built, file), own, file.sha256)
    found = circumstances.told(connection, file, own, built, None, lent)
    return FileAnswer(file, str(archive.files.path(file.sha256)), picture, sightings, own, found)


def _relations(built: chain.Chain, file: File) -> dict[int, Match]:
    """Return {file: what it is to this one} of the files of its picture."""
    others = {each.file.id: each.file for each in built.sightings if each.file.id != file.id}
    found = {file_id: built.evidence.between(file, other) for file_id, other in others.items()}
    return {file_id: match for file_id, match in found.items() if match is not None}


def _picture(connection: Connection, picture: int) -> PictureAnswer:
    file_ids = read.files_of_pictures(connection, [picture])[picture]
    files = read.files(connection, file_ids)
    measured = stored.among(connection, file_ids)
    matches = tuple((files[one].sha256, files[other].sha256, match) for one, other, match in measured)
    revisions = tuple(
        Revision(row.at, row.before_ref, row.before_at, row.after_ref, row.after_at, row.basis, row.reason)
        for row in derive.revisions(connection, file_ids)
    )
    built = chain.build(_sightings(connection, file_ids), Evidence(measured))
    return PictureAnswer(
        picture,
        built,
        tuple(files[key] for key in sorted(files)),
        matches,
        revisions,
        _lent(connection, built),
    )


def _lent(connection: Connection, built: chain.Chain) -> tuple[Finding, ...]:
    """Return what the copies which still tell of the photograph mean for all of its picture."""
    if built.first is None:
        return ()
    first = built.first.file
    itself = Match(MatchKind.IDENTICAL, "sha256", 0, Confidence.CERTAIN)
    lent = circumstances.carriers(connection, built, _relations(built, first) | {first.id: itself}, None, None)
    return circumstances.told(connection, first, None, built, None, lent)


def _channel(connection: Connection, channel_id: int) -> ChannelAnswer:
    channel = read.channels(connection)[channel_id]
    coverage = next(each for each in summary.per_channel(connection) if each.channel.key == channel.key)
    names = tuple(
        Name(row.title, row.username, row.seen_from, row.seen_to) for row in find.names(connection, channel_id)
    )
    return ChannelAnswer(coverage, names)
