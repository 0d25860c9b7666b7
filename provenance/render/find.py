"""What `find` says, at a terminal and for programs."""

from datetime import timedelta

from rich.console import Group, RenderableType
from rich.text import Text

from provenance.core.chain import FirstSeen
from provenance.core.found import FindAnswer, FoundFile, MatchedPlace, MatchedTime, MatchedTrait
from provenance.core.model import Unarchived
from provenance.render import as_json
from provenance.render.as_json import Document
from provenance.render.layout import called, indented, moment, place
from provenance.render.text import visible

_LENGTH = 200
UNKNOWN_ZONE = "zone unknown"


def document(answer: FindAnswer) -> Document:
    return {
        "schema": "provenance/find/1",
        "total": answer.total,
        "found": [
            {
                "file": as_json.file_named(each.file),
                "picture": each.picture,
                "first_seen": each.first_seen and as_json.first_seen(each.first_seen),
                "matched": [_matched(one) for one in each.matched],
            }
            for each in answer.found
        ],
        "files": {"searched": answer.searched, "unreadable": answer.refused, "not_read_yet": answer.unread},
    }


def text(answer: FindAnswer) -> RenderableType:
    parts: list[RenderableType] = []
    if not answer.found:
        parts.append(Text("No archived file tells all of this.", "bold"))
    for each in answer.found:
        parts += [*_file(each), Text()]
    if answer.total > len(answer.found):
        parts.append(Text(f"{len(answer.found)} of {answer.total} files are shown: see --limit."))
    parts.append(Text(_searched(answer), "dim"))
    return Group(*parts)


def _matched(one: MatchedTrait | MatchedTime | MatchedPlace) -> Document:
    match one:
        case MatchedTrait():
            return {"kind": one.trait, "value": one.value}
        case MatchedTime():
            return {
                "kind": "captured",
                "local": one.local.isoformat(),
                "zone": UNKNOWN_ZONE if one.offset is None else _offset(one.offset),
                "utc": as_json.time(one.utc),
                "whole_day": one.whole_day,
            }
        case MatchedPlace():
            return {"kind": "place", "latitude": one.latitude, "longitude": one.longitude, "km": round(one.km, 3)}


def _file(each: FoundFile) -> list[RenderableType]:
    picture = "" if each.picture is None else f", picture:{each.picture}"
    lines: list[RenderableType] = [Text(f"File {each.file.sha256[:12]}{picture}", "bold")]
    lines += [indented(_words(one)) for one in each.matched]
    lines.append(indented(_first(each.first_seen)))
    return lines


def _words(one: MatchedTrait | MatchedTime | MatchedPlace) -> str:
    match one:
        case MatchedTrait():
            return f"{one.trait.replace('_', ' ')}: {visible(one.value, _LENGTH)}"
        case MatchedTime():
            zone = UNKNOWN_ZONE if one.offset is None else f"zone {_offset(one.offset)}"
            if one.whole_day:
                return f"captured, by its own word: {one.local:%Y-%m-%d}, no time of day, {zone}"
            return f"captured, by its own clock: {one.local:%Y-%m-%d %H:%M:%S}, {zone}"
        case MatchedPlace():
            return f"place: {one.latitude:.5f}, {one.longitude:.5f}, {one.km:.1f} km away"


def _first(first: FirstSeen | None) -> str:
    if first is None:
        return "in no archived post"
    post = first.post
    if isinstance(post, Unarchived):
        return f"first seen {moment(first.at)} in {visible(post.ref)}, which is not archived ({first.basis})"
    return f"first seen {moment(first.at)} in {called(post.channel)}, {place(post)} ({first.basis})"


def _offset(offset: timedelta) -> str:
    minutes = round(offset / timedelta(minutes=1))
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _searched(answer: FindAnswer) -> str:
    words = f"Searched what {answer.searched - answer.refused} files tell about themselves, which anybody can write."
    if answer.refused:
        words += f" {answer.refused} could not be read."
    if answer.unread:
        words += f" {answer.unread} were not read yet: run `provenance reindex`."
    return words
