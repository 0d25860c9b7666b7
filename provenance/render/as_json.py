"""The documents that programs read. Keys are a contract: they may be added, never renamed."""

import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from provenance.core import answers, chain, times, unarchived
from provenance.core.matching import ALGORITHM, BYTES
from provenance.core.model import Channel, File, ForwardHeader, Link, Match, MatchKind, Problem, Sighting, Unarchived
from provenance.render import metadata

Document = dict[str, Any]


def dumps(document: object) -> str:
    """One JSON document in ASCII: no text in it can reach a terminal as anything but itself."""
    # json indents in Python, a chunk for every brace: a week's report took seconds and hundreds of megabytes.
    try:
        return msgspec.json.format(json.dumps(document), indent=2) + "\n"
    except msgspec.DecodeError:  # half of a surrogate pair, as in the name of a file that is no text
        return json.dumps(document, indent=2) + "\n"


def time(at: datetime | None) -> str | None:
    """RFC 3339 in UTC with Z, to the second."""
    return None if at is None else at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def lookup(answer: answers.LookupAnswer) -> Document:
    file = answer.suspect.file
    first = answer.chain.first_seen
    return {
        "schema": "provenance/lookup/1",
        "suspect": {
            "path": answer.suspect.path,
            "sha256": file.sha256,
            "format": file.format,
            "width": file.width,
            "height": file.height,
            "bytes": file.size,
            "fingerprints": _fingerprints(file),
            "metadata": metadata.document(answer.suspect.metadata),
            "findings": [metadata.finding(each) for each in answer.suspect.findings],
        },
        "found": answer.found,
        "first_seen": first and first_seen(first),
        "sightings": [sighting(each.sighting, each.match) for each in answer.sightings],
        "possible": [sighting(each.sighting, each.match) for each in answer.possible],
        "chain": _chain(answer.picture, answer.chain),
        "same_scene": [sighting(each.sighting, each.match) for each in answer.same_scene],
        "same_template": [sighting(each.sighting, each.match) for each in answer.same_template],
        "coverage": coverage(answer.coverage),
        "warnings": [*answer.warnings, *answer.chain.warnings],
    }


def refused(path: str, message: str) -> Document:
    """The entry of an image that could not be looked up, where several were asked for."""
    return {"schema": "provenance/lookup/1", "suspect": {"path": path}, "found": False, "error": message}


def imported(
    channels: int, posts: tuple[int, int, int], images: tuple[int, int, int, int], problems: Sequence[Problem]
) -> Document:
    """`posts`: new, known, changed; `images`: new, known, missing, refused."""
    return {
        "schema": "provenance/import/1",
        "channels": channels,
        "posts": dict(zip(("new", "known", "changed"), posts, strict=True)),
        "images": dict(zip(("new", "known", "missing", "refused"), images, strict=True)),
        "problems": [{"where": each.where, "what": each.what} for each in problems],
    }


def followed(follows: Sequence[answers.Follow]) -> Document:
    return {"schema": "provenance/channels/1", "channels": [_follow(each) for each in follows]}


def added(follows: Sequence[answers.Follow], refused: Sequence[Problem], waiting: str | None) -> Document:
    """What `channels add` did; `waiting` is why Telegram could not be asked yet."""
    problems = [{"where": each.where, "what": each.what} for each in refused]
    return followed(follows) | {"refused": problems, "waiting": waiting}


def _follow(each: answers.Follow) -> Document:
    return {
        "asked": each.asked,
        "channel": each.channel and channel(each.channel),
        "joined": each.joined,
        "since": time(each.since),
        "added_at": time(each.added_at),
        "checked_at": time(each.checked_at),
        "trouble": each.trouble,
        "retry_at": time(each.retry_at),
    }


def suggestions(found: Sequence[answers.Suggestion]) -> Document:
    return {
        "schema": "provenance/suggestions/1",
        "suggestions": [
            {
                "channel": {"id": each.peer_id, "username": each.username, "title": each.title, "kind": "channel"},
                "posts": each.posts,
                "channels": each.channels,
                "latest": time(each.latest),
            }
            for each in found
        ],
    }


def backfilled(done: answers.Backfilled) -> Document:
    return {
        "schema": "provenance/backfill/1",
        "channels": done.channels,
        "posts": {"new": done.posts_new, "known": done.posts_known, "changed": done.posts_changed},
        "images": {"new": done.files, "named": done.images, "missing": done.images_missing, "waiting": done.waiting},
        "problems": [{"where": each.where, "what": each.what} for each in done.problems],
    }


def first_seen(first: chain.FirstSeen) -> Document:
    post = first.post
    nobody = {"id": None, "username": None, "title": None, "kind": None}
    return {
        "channel": channel(post.channel) if post.channel else nobody,
        "message_id": post.message_id,
        "url": post.url,
        "at": time(first.at),
        "basis": first.basis,
        "archived": first.archived,
        "warnings": list(first.warnings),
    }


def _unarchived(post: Unarchived) -> Document:
    return {
        "ref": post.ref,
        "channel": post.channel and channel(post.channel),
        "message_id": post.message_id,
        "url": post.url,
        "at": time(post.at),
        "basis": unarchived.basis(post),
        "proved_by": post.proof.ref,
    }


def _chain(picture: int | None, built: chain.Chain) -> Document:
    return {
        "picture": picture,
        "links": [link(each) for each in built.links],
        "unarchived": [_unarchived(each) for each in built.unarchived],
    }


def sighting(seen: Sighting, match: Match | None) -> Document:
    when = times.dated(seen)
    return {
        "channel": channel(seen.channel),
        "message_id": seen.message_id,
        "url": seen.url,
        "at": time(when.at),
        "basis": when.basis,
        "posted_at": time(seen.posted_at),
        "uploaded_at": time(seen.uploaded_at),
        "edited_at": time(seen.edited_at),
        "deleted_seen_at": time(seen.deleted_seen_at),
        "claimed_at": time(seen.claimed_at),
        "observed_at": time(seen.observed_at),
        "forwarded_from": seen.forward and _forward(seen.forward),
        "text": seen.text,
        "kind": seen.kind,
        "media_id": seen.media_id,
        "scheduled": seen.scheduled,
        "file": {"sha256": seen.file.sha256, "width": seen.file.width, "height": seen.file.height},
        "source": seen.source,
        "match": match and _match(match),
        "warnings": list(when.warnings),
    }


def link(each: Link) -> Document:
    return {"from": each.source.ref, "to": each.target.ref, "kind": each.kind, "evidence": each.evidence}


def coverage(covered: answers.Coverage) -> Document:
    return {
        "channels": covered.channels,
        "posts": covered.posts,
        "images": covered.images,
        "earliest": time(covered.earliest),
        "latest": time(covered.latest),
        "gaps": covered.gaps,
        "not_searched": list(covered.not_searched),
    }


def channel_coverage(covered: Sequence[answers.ChannelCoverage], total: answers.Coverage) -> Document:
    return {
        "schema": "provenance/coverage/1",
        "channels": [_channel_coverage(each) for each in covered],
        "total": coverage(total),
    }


def show(answer: answers.ShowAnswer) -> Document:
    document: Document = {"schema": "provenance/show/1"}
    match answer:
        case answers.PictureAnswer():
            return document | _picture(answer)
        case answers.PostAnswer():
            return document | _post(answer)
        case answers.FileAnswer():
            return document | _file_answer(answer)
        case answers.ChannelAnswer():
            names = [
                {
                    "title": name.title,
                    "username": name.username,
                    "seen_from": time(name.seen_from),
                    "seen_to": time(name.seen_to),
                }
                for name in answer.names
            ]
            return document | {"kind": "channel", **_channel_coverage(answer.coverage), "names": names}


def stats(counted: answers.Stats) -> Document:
    run = counted.last_run
    return {
        "schema": "provenance/stats/1",
        "counts": dict(counted.counts),
        "bytes": dict(counted.bytes),
        "last_run": run and {"command": run[0], "started_at": time(run[1]), "outcome": run[2]},
        "daemon": counted.daemon and _daemon(counted.daemon),
    }


def _daemon(daemon: answers.Daemon) -> Document:
    fields = dataclasses.asdict(daemon)
    return {name: time(value) if isinstance(value, datetime) else value for name, value in fields.items()}


def doctor(checks: Sequence[answers.Check]) -> Document:
    states = {True: "ok", False: "broken", None: "missing"}
    return {
        "schema": "provenance/doctor/1",
        "checks": [{"name": each.name, "state": states[each.ok], "detail": each.detail} for each in checks],
    }


def verified(result: answers.Verified) -> Document:
    return {
        "schema": "provenance/verify/1",
        "ok": not result.problems,
        "files": result.files,
        "versions": result.versions,
        "problems": [{"where": each.where, "what": each.what} for each in result.problems],
        "notes": list(result.notes),
    }


def channel(named: Channel) -> Document:
    return {"id": named.id, "username": named.username, "title": named.title, "kind": named.kind}


def _forward(header: ForwardHeader) -> Document:
    return {
        "name": header.name,
        "id": header.peer_id,
        "username": header.username,
        "kind": header.kind,
        "message_id": header.message_id,
        "at": time(header.at),
        "imported": header.imported,
    }


def _match(match: Match) -> Document:
    return {
        "kind": match.kind,
        "stage": match.stage,
        "distance": None if match.kind is MatchKind.PARTIAL else match.distance,
        "similarity": match.similarity,
        "inliers": match.inliers,
        "transform": {
            "mirrored": match.mirrored,
            "rotated": match.rotated,
            "region": match.region and [round(share, 4) for share in match.region],
            "visible": match.visible,
            "scale": match.scale,
            "matrix": match.matrix and [round(each, 5) for each in match.matrix],
        },
        "confidence": match.confidence,
        "reason": match.reason,
    }


def _fingerprints(file: File) -> Document:
    return {ALGORITHM: file.codes[:BYTES].hex(), "quality": file.quality} if file.codes else {}


def file_named(file: File) -> Document:
    return {
        "sha256": file.sha256,
        "bytes": file.size,
        "format": file.format,
        "width": file.width,
        "height": file.height,
    }


def _file(file: File) -> Document:
    return file_named(file) | {"fingerprints": _fingerprints(file), "refused": file.refused}


def _channel_coverage(covered: answers.ChannelCoverage) -> Document:
    return {
        "channel": channel(covered.channel),
        "posts": covered.posts,
        "images": covered.images,
        "images_missing": covered.missing,
        "earliest": time(covered.earliest),
        "latest": time(covered.latest),
        "first_message_id": covered.first_id,
        "last_message_id": covered.last_id,
        "absent_ids": covered.absent,
        "gaps": [{"after_id": gap.after_id, "before_id": gap.before_id} for gap in covered.gaps],
        "sources": list(covered.sources),
    }


def _picture(answer: answers.PictureAnswer) -> Document:
    return {
        "kind": "picture",
        "picture": answer.picture,
        "first_seen": answer.chain.first_seen and first_seen(answer.chain.first_seen),
        "sightings": [sighting(each, answer.chain.relation(each)) for each in answer.chain.sightings],
        "chain": _chain(answer.picture, answer.chain),
        "files": [_file(each) for each in answer.files],
        "matches": [{"a": one, "b": other, **_match(match)} for one, other, match in answer.matches],
        "revisions": [
            {
                "at": time(each.at),
                "before": each.before_ref and {"post": each.before_ref, "at": time(each.before_at)},
                "after": {"post": each.after_ref, "at": time(each.after_at)},
                "basis": each.basis,
                "reason": each.reason,
            }
            for each in answer.revisions
        ],
        "findings": [metadata.finding(each) for each in answer.findings],
        "warnings": list(answer.chain.warnings),
    }


def _post(answer: answers.PostAnswer) -> Document:
    return {
        "kind": "post",
        "channel": channel(answer.channel),
        "message_id": answer.message_id,
        "url": answer.url,
        "album": answer.album,
        "album_inferred": answer.album_inferred,
        "deleted_seen_at": time(answer.deleted_seen_at),
        "versions": [
            {
                "observed_at": time(each.version.observed_at),
                "source": each.version.source,
                "posted_at": time(each.version.posted_at),
                "edited_at": time(each.version.edited_at),
                "claimed_at": time(each.version.claimed_at),
                "service": each.service,
                "forwarded_from": each.version.forward and _forward(each.version.forward),
                "text": each.version.text,
                "attachments": [
                    {
                        "position": held.position,
                        "kind": held.kind,
                        "file": held.file and _file(held.file),
                        "picture": held.file and answer.pictures.get(held.file.id),
                    }
                    for held in each.version.held
                ],
                "missing": [
                    {"position": position, "reason": reason, "detail": detail}
                    for position, reason, detail in each.missing
                ],
                "raw": json.loads(each.raw),
            }
            for each in answer.versions
        ],
    }


def _file_answer(answer: answers.FileAnswer) -> Document:
    return {
        "kind": "file",
        "file": _file(answer.file),
        "path": answer.path,
        "picture": answer.picture,
        "sightings": [sighting(each, None) for each in answer.sightings],
        "metadata": metadata.document(answer.metadata),
        "findings": [metadata.finding(each) for each in answer.findings],
    }
