"""What a file's metadata means in the light of what is known of its picture. Pure; the sentences are in `wording.py`.

Absence is never a finding: Telegram takes the metadata out of every photo.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from provenance.core.metadata import (
    EAST,
    Block,
    Camera,
    Finding,
    Level,
    Metadata,
    Moment,
    Place,
    Signature,
    SignatureState,
    Thumbnail,
)
from provenance.core.places import distance_km
from provenance.core.times import duration
from provenance.core.traits import DEVICES, DOCUMENTS, NAMES, Trait
from provenance.images.generators import (
    COMPOSITE,
    DRAWN,
    GENERATED,
    PARTLY,
    SCREEN,
    generators,
    is_editor,
    is_generator,
    settings,
)
from provenance.images.windows import apart, at_least, source, told, window
from provenance.images.wording import CLOSE, FINDINGS, LENT, NO_CLOCK, NO_ZONE


@dataclass(frozen=True, slots=True)
class Claim:
    """What a story says of the picture."""

    day: date | None = None
    place: tuple[float, float] | None = None
    """Latitude and longitude in degrees."""


@dataclass(frozen=True, slots=True)
class Related:
    """Another archived file that shares a trait with this one."""

    trait: Trait
    value: str
    """What they share, as this file writes it."""
    sha256: str
    seen: str | None
    """When and where it was first seen, and on whose word."""
    same_picture: bool
    """Whether the archive holds both as one picture anyway."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known beside the file's own words."""

    first_seen: datetime | None = None
    """Of the picture in this archive."""
    first_seen_words: str | None = None
    """Where, and on whose word."""
    claim: Claim | None = None
    """None, like an empty one: nothing is claimed."""
    related: tuple[Related, ...] = ()
    carried_by: str | None = None
    """How another file comes to speak for this one; None where the file itself speaks."""


NEAR_KM, FAR_KM = 25.0, 100.0
"""A claim names a town: within the first a position fits, beyond the second it does not."""
_SAME_KM = 1.0
"""Between two positions of one photograph: beyond that and what both were measured to, they disagree."""
_DAY = timedelta(days=1)
_BLANK = frozenset({date(1970, 1, 1), date(1969, 12, 31), date(1980, 1, 1)})
"""Where the clocks of Unix (in the Americas the day before) and of DOS begin."""

THUMBNAIL_DISTANCE, THUMBNAIL_LIKENESS, THUMBNAIL_QUALITY = 60, 0.7, 15
"""A preview shows something else where its hash is farther off than any of the same picture was seen to be, and its
grey levels correlate less. Plain pictures have too little of their own to say so. See docs/metadata.md."""

_TELEGRAM_QUALITY, _TELEGRAM_SIDES = 87, (1280, 2560)
_WEIGHT = {Level.WARNING: 0, Level.NOTICE: 1, Level.INFO: 2}
_NAMED = 5
"""Values that a finding quotes."""
_QUOTED = 120
_SAID = 3, 60
"""Values, and their length, that a sentence names: all of them stand in the evidence."""


def findings(read: Metadata, known: Circumstances) -> tuple[Finding, ...]:
    """Return what the metadata means, the weightiest first."""
    found = [
        *_when(read, known),
        *_where(read, known),
        *_made_by(read),
        *_signed(read.signature),
        *_from_what(read, known),
        *_with_what(read, known),
        *_thumbnails(read.thumbnails),
        *_compressed(read),
        *_unread(read),
    ]
    if known.carried_by is not None:
        found = [replace(each, text=LENT.format(text=each.text, way=known.carried_by)) for each in found]
    return tuple(sorted(found, key=lambda each: _WEIGHT[each.level]))


def _say(kind: str, evidence: str, **values: object) -> Finding:
    level, text = FINDINGS[kind]
    return Finding(kind, level, text.format(**values), evidence)


# When


def _when(read: Metadata, known: Circumstances) -> Iterator[Finding]:
    day = known.claim.day if known.claim else None
    if day is not None and known.first_seen is not None and known.carried_by is None:
        gap = datetime.combine(day, time(), UTC) - (known.first_seen + EAST)
        if gap > _DAY:
            seen, first = f"{known.first_seen:%Y-%m-%d %H:%M} UTC", known.first_seen_words or "in this archive"
            yield _say("seen_before_claim", seen, seen=seen, gap=f"at least {duration(gap)}", claim=day, first=first)
    for kind, moments in (("digitised", read.digitised), ("modified", read.modified)):
        for moment in moments[:1]:
            if moment not in read.captured and not any(moment.local == each.local for each in read.captured):
                yield _say(kind, source(moment), when=told(moment))
    captured = [each for each in read.captured if each.local.date() not in _BLANK]
    if not captured:
        yield from (_say("captured_unset", source(each), when=told(each)) for each in read.captured[:1])
        return
    taken = captured[0]
    if known.first_seen is not None or day is None:
        yield _against_first_seen(_in_utc(taken, captured), known)
    if day is not None:
        yield _against_claim(taken, day)
    for other in captured[1:]:
        if (gap := apart(taken, other)) > _DAY:
            yield _say("times_disagree", f"{source(taken)}; {source(other)}", gap=duration(gap))
            break


def _in_utc(taken: Moment, captured: Iterable[Moment]) -> Moment:
    """Return the receiver's time of the same moment where that of the camera lacks its zone."""
    receiver = (each for each in captured if each.block is Block.GPS and not apart(taken, each))
    return taken if taken.offset is not None else next(receiver, taken)


def _against_first_seen(taken: Moment, known: Circumstances) -> Finding:
    when, evidence = told(taken), source(taken)
    if known.first_seen is None:
        return _say("captured", evidence, when=when)
    first = f"{known.first_seen:%Y-%m-%d %H:%M} UTC, {known.first_seen_words or 'in this archive'}"
    earliest, latest = window(taken)
    if earliest > known.first_seen + timedelta(minutes=1):
        late = earliest - known.first_seen
        kind = "captured_after_seen" if late > _DAY else "captured_soon_after_seen"
        return _say(kind, evidence, when=when, gap=at_least(taken, duration(late)), first=first)
    if latest < known.first_seen - timedelta(minutes=1):
        gap = duration(known.first_seen - latest)
        return _say("captured_before_seen", evidence, when=when, gap=at_least(taken, gap), first=first)
    why = CLOSE if taken.offset is not None else NO_CLOCK if taken.whole_day else NO_ZONE
    return _say("captured_near_seen", evidence, when=when, first=first, why=why)


def _against_claim(taken: Moment, day: date) -> Finding:
    """A claimed day is one somewhere on Earth; a day more or less is no contradiction."""
    when, evidence = told(taken), source(taken)
    days = (taken.local.date() - day).days
    if abs(days) <= 1:
        return _say("captured_on_claim", evidence, when=when, claim=day)
    kind = "captured_before_claim" if days < 0 else "captured_after_claim"
    return _say(kind, evidence, when=when, gap=duration(timedelta(days=abs(days))), claim=day)


# Where


def _where(read: Metadata, known: Circumstances) -> Iterator[Finding]:
    if not read.places:
        return
    set_places = [each for each in read.places if each.latitude or each.longitude]
    if not set_places:
        yield _say("place_unset", _measured(read.places[0]))
        return
    place = set_places[0]
    yield _against_place(place, known.claim.place if known.claim else None)
    for other in set_places[1:]:
        km = distance_km((place.latitude, place.longitude), (other.latitude, other.longitude))
        if km > _SAME_KM + ((place.precision or 0.0) + (other.precision or 0.0)) / 1000:
            yield _say("places_disagree", f"{_measured(place)}; {_measured(other)}", distance=_far(km))
            break


def _against_place(place: Place, claimed: tuple[float, float] | None) -> Finding:
    words, evidence = _degrees(place), _measured(place)
    if claimed is None:
        return _say("place", evidence, place=words)
    km = distance_km((place.latitude, place.longitude), claimed)
    give_or_take = (place.precision or 0.0) / 1000
    if km <= NEAR_KM:
        kind = "place_near_claim"
    elif km - give_or_take > NEAR_KM:
        kind = "place_far_from_claim" if km - give_or_take > FAR_KM else "place_off_claim"
    else:
        kind = "place_rough"
    evidence += f"; claimed: {claimed[0]:g}, {claimed[1]:g}"
    return _say(kind, evidence, place=words, distance=_far(km), precision=_far(give_or_take))


def _far(km: float) -> str:
    return f"{km:.0f} km" if km >= 10 else f"{km:.1f} km" if km >= 1 else f"{km * 1000:.0f} m"


def _degrees(place: Place) -> str:
    north = f"{abs(place.latitude):.5f}° {'N' if place.latitude >= 0 else 'S'}"
    return f"{north}, {abs(place.longitude):.5f}° {'E' if place.longitude >= 0 else 'W'}"


def _measured(place: Place) -> str:
    parts = [f"{place.block.words}: {_degrees(place)}"]
    parts += [f"give or take {place.precision:.0f} m"] if place.precision else []
    if place.altitude is not None:
        parts.append(f"{abs(place.altitude):.0f} m {'below' if place.altitude < 0 else 'above'} the sea")
    parts.append(_quoted(place.datum or "no datum given"))
    return ", ".join(parts)


# Made by whom

_SOURCES = {
    "generated": GENERATED,
    "partly_generated": PARTLY,
    "composite": COMPOSITE,
    "drawn": DRAWN,
    "screen_capture": SCREEN,
}


def _made_by(read: Metadata) -> Iterator[Finding]:
    signed = read.signature.source_types if read.signature else ()
    marks = {**dict.fromkeys(read.source_types, "XMP DigitalSourceType"), **dict.fromkeys(signed, "C2PA")}
    for kind, types in _SOURCES.items():
        named = [mark for mark in marks if mark in types]
        if named:
            yield _say(kind, "; ".join(f"{marks[mark]}: {_quoted(mark)}" for mark in named), how=", ".join(named))
    if any(mark in GENERATED for mark in marks):
        return
    if named := generators(read):
        yield _say("generator", f"named as the program: {_list(named)}", how=_list(named, *_SAID))
    elif texts := settings(read):
        how = f"settings under {_list((keyword for keyword, _ in texts), *_SAID)}"
        yield _say("generator", f"{_quoted(texts[0][0])}: {_quoted(texts[0][1])}", how=how)


def _signed(signature: Signature | None) -> Iterator[Finding]:
    if signature is None:
        return
    kinds = {
        SignatureState.TRUSTED: "signed_trusted",
        SignatureState.VALID: "signed_valid",
        SignatureState.BROKEN: "signature_broken",
        SignatureState.REMOTE: "signature_remote",
        SignatureState.UNREAD: "signature_unread",
    }
    named = {"signer": signature.issuer, "made with": signature.generator, "title": signature.title}
    parts = [f"{name}: {_quoted(value)}" for name, value in named.items() if value]
    parts += [source(signature.signed)] if signature.signed else []
    parts += [f"steps: {_list(signature.actions)}"] if signature.actions else []
    failed = "why" if signature.state is SignatureState.UNREAD else "checks that failed"
    parts += [f"{failed}: {_list(signature.problems)}"] if signature.problems else []
    yield _say(
        kinds[signature.state],
        "; ".join(parts) or "C2PA",
        issuer=_quoted(signature.issuer or "a signer without a name"),
        url=_quoted(signature.url or "an address that is not given"),
    )


# From what, and with what

_SHARED = {
    **dict.fromkeys(DEVICES, "same_device"),
    **dict.fromkeys(DOCUMENTS, "same_document"),
    Trait.UNIQUE_ID: "same_unique_id",
}


def _from_what(read: Metadata, known: Circumstances) -> Iterator[Finding]:
    by_kind: dict[str, dict[str, Related]] = {}
    for each in known.related:
        if kind := _SHARED.get(each.trait):
            by_kind.setdefault(kind, {}).setdefault(each.sha256, each)
    for kind, others in by_kind.items():
        found = _say(kind, _others(others.values()), count=len(others))
        # That copies of one picture share its metadata is no news.
        yield found if any(not each.same_picture for each in others.values()) else replace(found, level=Level.INFO)
    documents = read.documents
    derived = documents.derived_document or documents.derived_instance or documents.derived_original
    if derived and "same_document" not in by_kind:
        yield _say("derived", f"XMP xmpMM:DerivedFrom: {_quoted(derived)}")
    if read.fbmd:
        yield _say("facebook", f"IPTC 2:40: {_quoted(read.fbmd)}")


def _others(related: Iterable[Related]) -> str:
    shown = list(related)
    words = [
        f"{each.sha256[:12]}, {'the same' if each.same_picture else 'another'} picture, by {NAMES[each.trait]} "
        + _quoted(each.value)
        + (f", first seen {_quoted(each.seen)}" if each.seen else "")
        for each in shown[:_NAMED]
    ]
    more = [f"and {len(shown) - _NAMED} more"] if len(shown) > _NAMED else []
    return "; ".join([*words, *more])


def _with_what(read: Metadata, known: Circumstances) -> Iterator[Finding]:
    camera = read.camera
    named = _called(camera)
    if named or camera.serial:
        more = {"serial": camera.serial, "lens": camera.lens, "lens serial": camera.lens_serial, "owner": camera.owner}
        parts = [_quoted(named)] if named else []
        parts += [f"{name}: {_quoted(value)}" for name, value in more.items() if value]
        yield _say("camera", "; ".join(parts), camera=_quoted(named or f"number {camera.serial}"))
    if known.carried_by is not None:
        return
    editors = [each for each in read.software if is_editor(each)]
    others = [each for each in read.software if not is_editor(each) and not is_generator(each)]
    if editors:
        yield _say("edited", f"named as the program: {_list(editors)}", software=_list(editors, *_SAID))
    if others:
        yield _say("software", f"named as the program: {_list(others)}", software=_list(others, *_SAID))
    if read.history:
        used = list(dict.fromkeys(each.software for each in read.history if each.software))
        steps = [f"{each.action} {told(each.at)}" if each.at else each.action for each in read.history]
        words = _list(used, *_SAID) or "programs that are not named"
        yield _say("history", f"XMP xmpMM:History: {_list(steps)}", count=len(steps), software=words)


def _called(camera: Camera) -> str:
    """Make and model; many models begin with their make."""
    make, model = camera.make or "", camera.model or ""
    return model if make and model.lower().startswith(make.lower()) else f"{make} {model}".strip()


def _thumbnails(thumbnails: Iterable[Thumbnail]) -> Iterator[Finding]:
    for each in thumbnails:
        if shows_another(each):
            size = f"{each.block.words}: {each.width} x {each.height} pixels"
            evidence = f"{size}, {each.distance} of 256 bits apart, correlation {each.likeness:.2f}"
            yield _say("thumbnail_differs", evidence)
            return


def shows_another(thumbnail: Thumbnail) -> bool:
    """Whether the preview surely shows something else than its file."""
    return (
        thumbnail.quality >= THUMBNAIL_QUALITY
        and thumbnail.distance >= THUMBNAIL_DISTANCE
        and thumbnail.likeness < THUMBNAIL_LIKENESS
    )


def _compressed(read: Metadata) -> Iterator[Finding]:
    jpeg = read.jpeg
    if jpeg is None or read.width is None or read.height is None:
        return
    longest = max(read.width, read.height)
    if jpeg.ijg_quality == _TELEGRAM_QUALITY and jpeg.progressive and longest <= _TELEGRAM_SIDES[1]:
        limit = next(side for side in _TELEGRAM_SIDES if longest <= side)
        evidence = f"IJG tables of quality {_TELEGRAM_QUALITY}, progressive, longest side {longest} of {limit} pixels"
        yield _say("telegram_like", evidence)


def _unread(read: Metadata) -> Iterator[Finding]:
    if read.unread:
        evidence = "; ".join(f"{block.words}: {_quoted(why)}" for block, why in read.unread[:_NAMED])
        blocks = ", ".join(dict.fromkeys(block.words for block, _ in read.unread))
        yield _say("unread", evidence, blocks=blocks)


def _list(values: Iterable[str], most: int = _NAMED, length: int = _QUOTED) -> str:
    shown = list(dict.fromkeys(values))
    more = [f"and {len(shown) - most} more"] if len(shown) > most else []
    return ", ".join([*(_quoted(each, length) for each in shown[:most]), *more])


def _quoted(text: str, length: int = _QUOTED) -> str:
    """As it stands in the file, on one line and not too long; whoever shows it makes it safe to show."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
