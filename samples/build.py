"""Builds the sample exports, the suspects and expected.json from story.toml and originals/.

The story: in December 2024 a photograph is said to show the "ghost plane" of an invented lake, a mail plane
lost in 1928. A small channel posts it first; within five hours it is forwarded, copied without a word, shrunk
and mirrored, and ten days later it is shown again. Meanwhile an old photograph of an abandoned house goes
round as the damage of last night's storm. The photographs are real; the channels, their posts and claims
are invented: nothing in the picture proves the claim, but who posted it first can be found out.

Running the script again writes the same bytes, given the same version of Pillow.
"""

from __future__ import annotations

import io
import json
import shutil
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

HERE = Path(__file__).resolve().parent
NOT_INCLUDED = "(File not included. Change data exporting settings to download.)"
WEEKS = ("2024-W51", "2024-W52")


@dataclass(frozen=True)
class Media:
    """The bytes of one image file and its size in pixels."""

    data: bytes
    width: int
    height: int


class Darkroom:
    """Makes every version of every photograph once, as the story describes it."""

    def __init__(self, story: dict[str, Any]) -> None:
        self._pictures: dict[str, dict[str, Any]] = story["picture"]
        self._versions: dict[str, dict[str, Any]] = story["version"]
        self._made: dict[str, Media] = {}

    def picture_of(self, version: str) -> str:
        """The name of the photograph that a version shows."""
        recipe = self._versions[version]
        return recipe["picture"] if "picture" in recipe else self.picture_of(recipe["from"])

    def make(self, version: str) -> Media:
        """The JPEG of a version; a version of a version is made from that one's bytes, as a re-upload is."""
        if version not in self._made:
            self._made[version] = self._develop(self._versions[version])
        return self._made[version]

    def _develop(self, recipe: dict[str, Any]) -> Media:
        if "from" in recipe:
            source = self.make(recipe["from"]).data
        else:
            source = (HERE / "originals" / self._pictures[recipe["picture"]]["original"]).read_bytes()
        image = Image.open(io.BytesIO(source)).convert("RGB")
        if "crop" in recipe:
            left, top, right, bottom = recipe["crop"]
            image = image.crop((left, top, right, bottom))
        width = recipe.get("width", round(image.width * recipe.get("scale", 1.0)))
        if width != image.width:
            size = (width, round(image.height * width / image.width))
            image = image.resize(size, Image.Resampling.LANCZOS)
        if recipe.get("mirrored", False):
            image = ImageOps.mirror(image)
        if "brightness" in recipe:
            image = ImageEnhance.Brightness(image).enhance(recipe["brightness"])
        if "screen" in recipe:
            image = draw_screen(image, recipe["screen"])
        out = io.BytesIO()
        image.save(out, "JPEG", quality=recipe["quality"], optimize=True)
        return Media(out.getvalue(), image.width, image.height)


def draw_sticker() -> Media:
    """A drawn aeroplane on a transparent ground, as a WebP sticker."""
    image = Image.new("RGBA", (256, 256), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.ellipse((8, 8, 248, 248), fill=(126, 190, 230, 255), outline=(255, 255, 255, 255), width=8)
    pen.rounded_rectangle((44, 118, 212, 148), radius=15, fill=(235, 80, 60, 255))
    pen.polygon([(120, 118), (150, 118), (110, 44), (88, 44)], fill=(250, 220, 90, 255))
    pen.polygon([(120, 148), (150, 148), (110, 222), (88, 222)], fill=(250, 220, 90, 255))
    pen.polygon([(44, 132), (66, 132), (52, 96), (36, 96)], fill=(250, 220, 90, 255))
    out = io.BytesIO()
    image.save(out, "WEBP", lossless=True)
    return Media(out.getvalue(), image.width, image.height)


def draw_screen(photo: Image.Image, words: dict[str, str]) -> Image.Image:
    """A phone's picture of a post: the channel's name, the photo in a bubble, the text below it."""
    width, height = 540, 1080
    screen = Image.new("RGB", (width, height), (205, 219, 210))
    pen = ImageDraw.Draw(screen)
    small, normal, large = (ImageFont.load_default(size) for size in (18, 21, 24))
    pen.rectangle((0, 0, width, 118), fill=(255, 255, 255))
    pen.text((28, 12), words["clock"], (20, 20, 20), small)
    pen.rounded_rectangle((462, 14, 508, 32), 5, outline=(20, 20, 20), width=2)
    pen.rectangle((466, 18, 492, 28), fill=(20, 20, 20))
    pen.line([(38, 64), (26, 78), (38, 92)], fill=(60, 130, 200), width=4)
    pen.ellipse((58, 50, 114, 106), fill=(90, 160, 220))
    pen.text((130, 50), words["channel"], (20, 20, 20), large)
    pen.text((130, 82), "channel", (130, 130, 130), small)

    left, top, right, edge = 18, 172, width - 18, 4
    photo = photo.resize(
        (right - left - 2 * edge, round(photo.height * (right - left - 2 * edge) / photo.width)),
        Image.Resampling.LANCZOS,
    )
    lines = wrapped(words["text"], normal, right - left - 36)
    below = top + edge + photo.height + 16
    bottom = below + 30 * len(lines) + 40
    pen.rounded_rectangle((left, top, right, bottom), 16, fill=(255, 255, 255))
    screen.paste(photo, (left + edge, top + edge))
    for number, line in enumerate(lines):
        pen.text((left + 18, below + 30 * number), line, (20, 20, 20), normal)
    pen.text((right - 18, bottom - 32), words["seen"], (130, 130, 130), small, anchor="ra")
    pen.rectangle((0, height - 84, width, height), fill=(255, 255, 255))
    pen.text((width // 2, height - 42), "MUTE", (60, 130, 200), normal, anchor="mm")
    return screen


def wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """The text in lines that are no wider than this."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def rfc3339(moment: datetime) -> str:
    """A time as the commands write it: UTC with Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def text_fields(text: str | list[str | dict[str, str]]) -> dict[str, Any]:
    """`text` and `text_entities`: a plain string where nothing is formatted, otherwise a list of parts."""
    parts = [text] if isinstance(text, str) else text
    entities = [{"type": "plain", "text": part} if isinstance(part, str) else part for part in parts]
    return {"text": text, "text_entities": [entity for entity in entities if entity["text"]]}


@dataclass
class Export:
    """One channel's export folder: its result.json, its media and the truth about its images."""

    channel: dict[str, Any]
    darkroom: Darkroom
    messages: list[dict[str, Any]] = field(default_factory=list)
    sightings: list[dict[str, Any]] = field(default_factory=list)
    without_file: list[dict[str, Any]] = field(default_factory=list)
    _numbers: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        for post in self.channel["post"]:
            self._add(post)

    @property
    def folder(self) -> Path:
        """Where the export stands, relative to the samples."""
        return Path("exports", str(self.channel["folder"]))

    def write(self) -> None:
        """Write result.json with the indentation that Telegram Desktop uses."""
        root = {
            "name": self.channel["title"],
            "type": self.channel["type"],
            "id": self.channel["id"],
            "messages": self.messages,
        }
        text = json.dumps(root, ensure_ascii=False, indent=1)
        (HERE / self.folder).mkdir(parents=True, exist_ok=True)
        (HERE / self.folder / "result.json").write_text(text, encoding="utf-8", newline="\n")

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(timezone(timedelta(hours=self.channel["utc_offset"])))

    def _clock(self, key: str, moment: datetime) -> dict[str, str]:
        local = self._local(moment).strftime("%Y-%m-%dT%H:%M:%S")
        return {key: local, f"{key}_unixtime": str(int(moment.timestamp()))}

    def _name(self, kind: str, moment: datetime, suffix: str) -> str:
        self._numbers[kind] += 1
        return f"{kind}_{self._numbers[kind]}@{self._local(moment):%d-%m-%Y_%H-%M-%S}{suffix}"

    def _store(self, name: str, media: Media) -> str:
        path = HERE / self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(media.data)
        return name

    def _add(self, post: dict[str, Any]) -> None:
        message: dict[str, Any] = {
            "id": post["id"],
            "type": "service" if "service" in post else "message",
            **self._clock("date", post["at"]),
        }
        if "edited" in post:
            message |= self._clock("edited", post["edited"])
        who = "actor" if "service" in post else "from"
        message |= {who: self.channel["title"], f"{who}_id": f"channel{self.channel['id']}"}
        if "service" in post:
            message["action"] = post["service"]
            message |= {key: post[key] for key in ("title", "message_id") if key in post}
            self.messages.append(message | text_fields(""))
            return
        message |= {key: post[key] for key in ("forwarded_from", "forwarded_from_id") if key in post}
        if "reply_to" in post:
            message["reply_to_message_id"] = post["reply_to"]
        message |= self._media(post)
        message |= text_fields(post["text"])
        if "reactions" in post:
            message["reactions"] = [
                {"type": "emoji", "count": count, "emoji": emoji} for emoji, count in post["reactions"].items()
            ]
        self.messages.append(message)

    def _media(self, post: dict[str, Any]) -> dict[str, Any]:
        if "photo" in post:
            return self._photo(post)
        if "photo_not_included" in post:
            return self._photo_not_included(post)
        if "document" in post:
            return self._document(post)
        if "sticker" in post:
            return self._sticker(post)
        if "video_not_included" in post:
            return self._video(post)
        return {}

    def _photo(self, post: dict[str, Any]) -> dict[str, Any]:
        media = self.darkroom.make(post["photo"])
        name = self._store("photos/" + self._name("photo", post["at"], ".jpg"), media)
        self._saw(post, self.darkroom.picture_of(post["photo"]), "photo", name)
        return {
            "photo": name,
            "photo_file_size": len(media.data),
            "width": media.width,
            "height": media.height,
        }

    def _photo_not_included(self, post: dict[str, Any]) -> dict[str, Any]:
        photo = post["photo_not_included"]
        self._missed(post, "photo")
        return {
            "photo": NOT_INCLUDED,
            "photo_file_size": photo["size"],
            "width": photo["width"],
            "height": photo["height"],
        }

    def _document(self, post: dict[str, Any]) -> dict[str, Any]:
        media = self.darkroom.make(post["document"])
        name = self._store("files/" + post["name"], media)
        self._saw(post, self.darkroom.picture_of(post["document"]), "document", name)
        return {
            "file": name,
            "file_name": post["name"],
            "file_size": len(media.data),
            "mime_type": "image/jpeg",
            "width": media.width,
            "height": media.height,
        }

    def _sticker(self, post: dict[str, Any]) -> dict[str, Any]:
        media = draw_sticker()
        name = self._store("stickers/" + post["sticker"]["name"], media)
        self._saw(post, "sticker", "sticker", name)
        return {
            "file": name,
            "file_name": post["sticker"]["name"],
            "file_size": len(media.data),
            "media_type": "sticker",
            "sticker_emoji": post["sticker"]["emoji"],
            "mime_type": "image/webp",
            "width": media.width,
            "height": media.height,
        }

    def _video(self, post: dict[str, Any]) -> dict[str, Any]:
        video = post["video_not_included"]
        thumbnail = self.darkroom.make(video["thumbnail"])
        stem = self._name("video", post["at"], ".mp4")
        name = self._store(f"video_files/{stem}_thumb.jpg", thumbnail)
        picture = self.darkroom.picture_of(video["thumbnail"])
        self._saw({**post, "how": "original"}, picture, "video_thumbnail", name)
        return {
            "file": NOT_INCLUDED,
            "file_name": video["name"],
            "file_size": video["size"],
            "thumbnail": name,
            "thumbnail_file_size": len(thumbnail.data),
            "media_type": "video_file",
            "mime_type": "video/mp4",
            "duration_seconds": video["seconds"],
            "width": video["width"],
            "height": video["height"],
        }

    def _place(self, post: dict[str, Any]) -> dict[str, Any]:
        return {"channel_id": self.channel["id"], "message_id": post["id"], "at": rfc3339(post["at"])}

    def _saw(self, post: dict[str, Any], picture: str, kind: str, name: str) -> None:
        sighting = {"picture": picture, **self._place(post), "how": post["how"], "kind": kind}
        sighting["file"] = (self.folder / name).as_posix()
        if "forwarded_from_id" in post:
            sighting["forwarded_from_id"] = int(post["forwarded_from_id"].removeprefix("channel"))
        if "edited" in post:
            sighting["edited_at"] = rfc3339(post["edited"])
        self.sightings.append(sighting)

    def _missed(self, post: dict[str, Any], kind: str) -> None:
        self.without_file.append({**self._place(post), "kind": kind})


def week_of(at: str) -> str:
    """The ISO week of an RFC 3339 time in UTC."""
    year, week, _ = datetime.fromisoformat(at).isocalendar()
    return f"{year}-W{week:02}"


def place(sighting: dict[str, Any]) -> dict[str, Any]:
    """A sighting reduced to the post that it is in."""
    return {key: sighting[key] for key in ("channel_id", "message_id", "at")}


def expect_week(week: str, pictures: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """Which pictures were shown again in a week, and which of these were first seen before it."""
    again: list[str] = []
    older: list[str] = []
    for name, picture in pictures.items():
        first, *later = picture["sightings"]
        if any(week_of(sighting["at"]) == week for sighting in later):
            again.append(name)
            if week_of(first["at"]) != week:
                older.append(name)
    return {"shown_again": again, "first_seen_before": older}


def expect(story: dict[str, Any], exports: list[Export], darkroom: Darkroom) -> dict[str, Any]:
    """The truth about the samples, for the tests."""
    sightings = sorted(
        (sighting for export in exports for sighting in export.sightings),
        key=lambda sighting: (sighting["at"], sighting["channel_id"], sighting["message_id"]),
    )
    pictures: dict[str, dict[str, Any]] = {}
    for sighting in sightings:
        name = sighting.pop("picture")
        original = story["picture"].get(name, {}).get("original")
        empty: dict[str, Any] = {"original": f"originals/{original}" if original else None, "sightings": []}
        pictures.setdefault(name, empty)["sightings"].append(sighting)

    def answers(suspects: dict[str, dict[str, str]]) -> dict[str, dict[str, Any]]:
        made = {}
        for name, suspect in suspects.items():
            picture = darkroom.picture_of(suspect["version"])
            seen = pictures.get(picture, {"sightings": []})["sightings"]
            made[name] = {
                "picture": picture,
                "found": bool(seen),
                "first_seen": place(seen[0]) if seen else None,
                "sightings": [place(sighting) for sighting in seen],
            }
        return made

    return {
        "channels": [
            {
                "id": export.channel["id"],
                "title": export.channel["title"],
                "type": export.channel["type"],
                "export": export.folder.as_posix(),
                "messages": len(export.messages),
                "service_messages": sum(message["type"] == "service" for message in export.messages),
                "images": len(export.sightings),
                "images_without_file": len(export.without_file),
            }
            for export in exports
        ],
        "pictures": pictures,
        "without_file": [missing for export in exports for missing in export.without_file],
        "suspects": answers(story["suspect"]),
        "altered_suspects": answers(story["altered_suspect"]),
        "weeks": {week: expect_week(week, pictures) for week in WEEKS},
    }


def main() -> None:
    """Write exports/, suspects/ and expected.json anew."""
    story = tomllib.loads((HERE / "story.toml").read_text(encoding="utf-8"))
    darkroom = Darkroom(story)
    for folder in ("exports", "suspects"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
    exports = [Export(channel, darkroom) for channel in story["channel"]]
    for export in exports:
        export.write()
    (HERE / "suspects").mkdir()
    for name, suspect in (story["suspect"] | story["altered_suspect"]).items():
        (HERE / "suspects" / name).write_bytes(darkroom.make(suspect["version"]).data)
    truth = json.dumps(expect(story, exports, darkroom), ensure_ascii=False, indent=2) + "\n"
    (HERE / "expected.json").write_text(truth, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
