"""What the commands say that set files of a picture apart, at a terminal and for programs."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from rich.console import Group, RenderableType
from rich.text import Text

from provenance.core.wording import counted
from provenance.render.as_json import Document, time
from provenance.render.layout import indented, line, moment

Pictures = Mapping[int, Sequence[str]]
"""{number: hashes of its files}."""

_SHOWN = 12
"""Most files that are named one by one."""


class Separation(Protocol):
    """Two sets of files, by their hashes, that a user has set apart."""

    @property
    def id(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def withdrawn_at(self) -> datetime | None: ...
    @property
    def off(self) -> Sequence[str]: ...
    @property
    def rest(self) -> Sequence[str]: ...


def split(number: int, pictures: Pictures, waiting: Sequence[str], off: Collection[str]) -> RenderableType:
    return Group(
        Text(f"Separation {number}: set apart, whatever comes in, until", "bold"),
        line(f"provenance picture unsplit {number}"),
        *_became(pictures, waiting, off),
    )


def unsplit(number: int, pictures: Pictures, waiting: Sequence[str]) -> RenderableType:
    return Group(
        Text(f"Separation {number} is withdrawn: what shows one picture is joined again.", "bold"),
        *_became(pictures, waiting, ()),
    )


def listed(separations: Sequence[Separation]) -> RenderableType:
    if not separations:
        return Text("Nothing is set apart. `provenance picture split picture:N FILE…` does that.")
    parts: list[RenderableType] = []
    for each in separations:
        stands = "stands" if each.withdrawn_at is None else f"withdrawn {moment(each.withdrawn_at)}"
        parts += [
            Text(f"Separation {each.id}, {moment(each.at)}: {stands}", "bold" if each.withdrawn_at is None else "dim"),
            indented(f"split off: {_hashes(each.off)}"),
            indented(f"from: {_hashes(each.rest)}"),
        ]
    return Group(*parts)


def document(number: int, pictures: Pictures, waiting: Sequence[str]) -> Document:
    return {
        "schema": "provenance/picture/1",
        "separation": number,
        "pictures": [{"picture": picture, "files": list(files)} for picture, files in pictures.items()],
        "waiting": list(waiting),
    }


def listed_document(separations: Sequence[Separation]) -> Document:
    return {
        "schema": "provenance/separations/1",
        "separations": [
            {
                "separation": each.id,
                "at": time(each.at),
                "withdrawn_at": time(each.withdrawn_at),
                "off": list(each.off),
                "rest": list(each.rest),
            }
            for each in separations
        ],
    }


def _became(pictures: Pictures, waiting: Sequence[str], off: Collection[str]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for picture, files in pictures.items():
        side = "" if set(files).isdisjoint(off) else ", split off"
        parts += [Text(f"picture:{picture}: {counted(len(files), 'file')}{side}"), indented(_hashes(files))]
    if waiting:
        words = "still to be fingerprinted: the next import or `provenance reindex` does so"
        parts.append(Text(f"! {counted(len(waiting), 'file')} {words}.", "yellow"))
        parts.append(indented(_hashes(waiting)))
    return parts


def _hashes(files: Sequence[str]) -> str:
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    return " ".join(each[:12] for each in files[:_SHOWN]) + more
