"""Random stories with known truth: who posted which photo when, written as Telegram Desktop exports.

A story is a few channels that post, forward, copy and alter the same photos. The tests import its exports and
ask for its suspects; `Story.first` knows the right answer. One seed always gives the same story.
"""

import json
import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

# No whole hours, and often past midnight: whoever reads `date` as UTC gets a wrong time or even a wrong day.
LOCAL = timezone(timedelta(hours=5, minutes=30))
START = datetime(2024, 11, 4, tzinfo=UTC)
WEEKS = 7
FIRST_CHANNEL_ID = 1_500_000_001

_NAMES = ("Frontline Daily", "Новости часа", "Eyes & Ears", "صور اليوم", "The <Courier>", "Last Minute 🔥")
_TEXTS = ("", "Just in.", "From our reader, this morning", "Сегодня утром", "Share before they delete it!")

Text = str | Sequence[str | Mapping[str, str]]


@dataclass(frozen=True)
class Posted:
    """One post of a photo, and what had been done to the photo."""

    channel_id: int
    message_id: int
    at: datetime
    photo: str  # the stem of the source photo's file
    how: str  # "original", "forward", "identical" or a key of CHANGES


@dataclass(frozen=True)
class Suspect:
    """An image to look up, and the answer: `first` is None when no post shows it."""

    path: Path
    photo: str | None
    how: str  # a key of CHANGES, or "q80" for an absent photo
    first: Posted | None


@dataclass(frozen=True)
class Story:
    """The folders to import, everything that they hold of each photo, and the images to look up."""

    exports: tuple[Path, ...]
    posted: tuple[Posted, ...]  # in time order
    suspects: tuple[Suspect, ...]

    def first(self, photo: str) -> Posted:
        """The earliest post of a photo."""
        return min((post for post in self.posted if post.photo == photo), key=lambda post: post.at)


def _small(image: Image.Image) -> Image.Image:
    small = image.copy()
    small.thumbnail((320, 320))  # never enlarges
    return small


# Turns are clockwise; Pillow counts the other way round.
CHANGES: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "q30": lambda image: image,  # `save` does it
    "small": _small,
    "bright": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "grey": lambda image: image.convert("L"),
    "stretch": lambda image: image.resize((round(image.width * 1.25), image.height)),
    "mirror": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "turn90": lambda image: image.transpose(Image.Transpose.ROTATE_270),
    "turn180": lambda image: image.transpose(Image.Transpose.ROTATE_180),
    "turn270": lambda image: image.transpose(Image.Transpose.ROTATE_90),
}


def load(path: Path) -> Image.Image:
    """A photo as it is seen: upright, RGB, without metadata that a later `save` could carry along."""
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.info.clear()
    return upright


def save(image: Image.Image, path: Path, how: str) -> None:
    """Write a changed image as JPEG: quality 30 when the change is "q30", else 80."""
    image.save(path, "JPEG", quality=30 if how == "q30" else 80)


def random_photo(seed: int, size: tuple[int, int] = (480, 320)) -> Image.Image:
    """A synthetic picture with detail at every scale, like a photo; other seeds give unrelated ones."""
    rng = np.random.default_rng(seed)
    total = np.zeros((size[1], size[0], 3))
    # Coarse to fine. The middle octaves stay strong because they are what a perceptual hash reads.
    for cells, weight in ((3, 50), (6, 45), (12, 45), (24, 40), (60, 20), (160, 8)):
        noise = rng.normal(size=(cells, cells, 1)) + rng.normal(size=(cells, cells, 3)) / 2  # light, colour
        grid = np.clip(128 + 40 * noise, 0, 255).astype(np.uint8)
        octave = Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)
        total += weight * (np.asarray(octave) / 128.0 - 1)
    # Darker than the middle: "bright" should not clip away what makes the picture itself.
    image = Image.fromarray(np.clip(105 + 1.6 * total, 4, 250).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for index in range(10):
        x, y = rng.uniform((0, 0), size)
        w, h = rng.uniform(0.03, 0.12, 2) * max(size)
        fill = tuple(int(value) for value in rng.integers(20, 200, 3))
        if index % 2:
            draw.ellipse((x - w, y - h, x + w, y + h), fill=fill)
        else:
            draw.polygon([(x - w, y), (x + w / 3, y - h), (x + w, y + h / 2)], fill=fill)
    return image


def _dates(at: datetime) -> dict[str, object]:
    """Desktop's pair: the exporter's local time without a zone, and the true time as a string."""
    return {"date": f"{at.astimezone(LOCAL):%Y-%m-%dT%H:%M:%S}", "date_unixtime": str(int(at.timestamp()))}


def message(
    message_id: int, at: datetime, *, text: Text = "", photo: str | None = None, **extra: object
) -> dict[str, object]:
    """One message as Desktop writes it; `extra` adds or replaces keys (width, edited, forwarded_from, …)."""
    parts = [text] if isinstance(text, str) else list(text)
    entities = [{"type": "plain", "text": part} if isinstance(part, str) else part for part in parts if part]
    built: dict[str, object] = {"id": message_id, "type": "message", **_dates(at)}
    picture = {} if photo is None else {"photo": photo}
    return {**built, **picture, "text": text, "text_entities": entities, **extra}


def service(message_id: int, at: datetime, action: str, /, **extra: object) -> dict[str, object]:
    """One service message (channel created, message pinned, …)."""
    built: dict[str, object] = {"id": message_id, "type": "service", **_dates(at), "action": action}
    return {**built, "text": "", "text_entities": [], **extra}


def write_export(
    folder: Path,
    *,
    channel_id: int,
    name: str,
    messages: list[dict[str, object]],
    kind: str = "public_channel",
) -> Path:
    """Write a chat's `result.json` into `folder` and return its path.

    The messages get the channel as sender (actor, for service messages) unless they name one themselves.
    """
    signed = [dict(each) for each in messages]
    for each in signed:
        key = "actor" if each.get("type") == "service" else "from"
        each.setdefault(key, name)
        each.setdefault(f"{key}_id", f"channel{channel_id}")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "result.json"
    chat = {"name": name, "type": kind, "id": channel_id, "messages": signed}
    path.write_text(json.dumps(chat, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


@dataclass
class _Event:
    """A message being planned; ids and files are known only once all messages of its channel are."""

    at: datetime
    channel: int
    photo: str | None = None  # None: a text or a service message
    how: str = "text"
    source: "_Event | None" = None  # whose bytes it takes, or alters
    message_id: int = 0
    file: Path = field(default_factory=Path)


def _plan_photo(rng: random.Random, key: str, times: list[datetime], channels: int) -> list[_Event]:
    original = _Event(times[0], rng.randrange(channels), key, "original")
    events = [original]
    # No change twice: two q30 re-uploads would have the same bytes, and "how" would not be the whole truth.
    changes = rng.sample(list(CHANGES), len(CHANGES))
    for at in times[1:]:
        event = _Event(at, rng.randrange(channels), key, rng.choice(("forward", "identical", "changed")))
        # However often a post is forwarded on, Telegram names where it came from first, never a forward.
        sources = [each for each in events if each.how != "forward" and each.channel != event.channel]
        if event.how == "changed":
            event.how, event.source = changes.pop(), original
        elif event.how == "forward" and sources:
            event.source = rng.choice(sources)
        else:
            event.how, event.source = "identical", rng.choice(events)
        events.append(event)
    return events


def _plan(rng: random.Random, keys: Sequence[str], channels: int) -> list[_Event]:
    counts = [rng.randint(1, 6) for _ in keys]
    others = channels + sum(counts) // 2  # texts and service messages
    # Drawn without replacement: no two messages of a story share a second.
    seconds = rng.sample(range(1, WEEKS * 7 * 86400), sum(counts) + others)
    times = [START + timedelta(seconds=each) for each in seconds]
    events = []
    for key, count in zip(keys, counts, strict=True):
        events += _plan_photo(rng, key, sorted(times.pop() for _ in range(count)), channels)
    for at in times:
        events.append(_Event(at, rng.randrange(channels), how=rng.choice(("text", "text", "service"))))
    return sorted(events, key=lambda event: event.at)


def _number(rng: random.Random, events: list[_Event], folder: Path) -> None:
    """Give one channel's events their ids, with holes as deleted posts leave them, and their files."""
    message_id, photos = 1, 0  # id 1 is the channel's creation
    for event in events:
        message_id += 1 if rng.random() < 0.7 else rng.randint(2, 9)
        event.message_id = message_id
        if event.photo is not None:
            photos += 1
            name = f"photo_{photos}@{event.at.astimezone(LOCAL):%d-%m-%Y_%H-%M-%S}.jpg"
            event.file = folder / "photos" / name


def _write_photo(rng: random.Random, event: _Event, original: Path) -> None:
    if event.source is None:
        if original.suffix.lower() in (".jpg", ".jpeg") and rng.random() < 0.5:
            shutil.copyfile(original, event.file)
        else:  # as Telegram's clients send photos
            load(original).save(event.file, "JPEG", quality=87, progressive=True)
    elif event.how in CHANGES:
        save(CHANGES[event.how](load(event.source.file)), event.file, event.how)
    else:
        shutil.copyfile(event.source.file, event.file)


def _message(rng: random.Random, event: _Event, names: Sequence[str]) -> dict[str, object]:
    if event.how == "service":
        return service(event.message_id, event.at, "pin_message", message_id=max(1, event.message_id - 1))
    text: Text = rng.choice(_TEXTS)
    if rng.random() < 0.4:
        text = [str(text), {"type": "bold", "text": "BREAKING"}, " ", {"type": "hashtag", "text": "#news"}]
    if event.photo is None:
        return message(event.message_id, event.at, text=text or "No pictures today.")
    extra: dict[str, object] = {"photo_file_size": event.file.stat().st_size}
    with Image.open(event.file) as image:
        extra["width"], extra["height"] = image.size
    if event.how == "forward" and event.source is not None:
        extra["forwarded_from"] = names[event.source.channel]
        extra["forwarded_from_id"] = f"channel{FIRST_CHANNEL_ID + event.source.channel}"
    return message(event.message_id, event.at, text=text, photo=f"photos/{event.file.name}", **extra)


def make_story(
    root: Path,
    photos: Sequence[Path],
    absent: Sequence[Path],
    *,
    seed: int,
    channels: int = 4,
    suspects_per_change: int = 1,
) -> Story:
    """Write a random story below `root`: every one of `photos` is posted, none of `absent` is.

    Exports go to root/exports, images to look up to root/suspects. A photo's key is its file's stem.
    """
    originals = {path.stem: path for path in photos}
    if len(originals) != len(photos):
        raise ValueError("two photos have the same stem")
    rng = random.Random(seed)
    names = [f"{_NAMES[index % len(_NAMES)]} {index + 1}" for index in range(channels)]
    folders = [root / "exports" / f"ChatExport_{index + 1}" for index in range(channels)]
    events = _plan(rng, list(originals), channels)
    for index, folder in enumerate(folders):
        (folder / "photos").mkdir(parents=True)
        _number(rng, [event for event in events if event.channel == index], folder)
    posted = []
    for event in events:  # in time order, so that a source is written before what is taken from it
        if event.photo is not None:
            _write_photo(rng, event, originals[event.photo])
            where = FIRST_CHANNEL_ID + event.channel, event.message_id
            posted.append(Posted(*where, event.at, event.photo, event.how))
    for index, folder in enumerate(folders):
        messages = [service(1, START, "create_channel", title=names[index])]
        messages += [_message(rng, event, names) for event in events if event.channel == index]
        write_export(folder, channel_id=FIRST_CHANNEL_ID + index, name=names[index], messages=messages)
    story = Story(tuple(folders), tuple(posted), ())
    (root / "suspects").mkdir()
    suspects = []
    for how, change in CHANGES.items():
        for key in rng.sample(list(originals), min(suspects_per_change, len(originals))):
            path = root / "suspects" / f"{how}-{key}.jpg"
            save(change(load(originals[key])), path, how)
            suspects.append(Suspect(path, key, how, story.first(key)))
    for unposted in absent:
        path = root / "suspects" / f"absent-{unposted.stem}.jpg"
        save(load(unposted), path, "q80")
        suspects.append(Suspect(path, None, "q80", None))
    return replace(story, suspects=tuple(suspects))
