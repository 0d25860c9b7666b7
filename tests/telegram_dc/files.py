"""Answers about files: their pieces and hashes, uploads, and what is sent to Saved Messages."""

from typing import Any

from telethon.tl import functions, types

from tests.telegram_dc.answers import Caller, answers
from tests.telegram_dc.media import file_type, hashes, now, piece
from tests.telegram_dc.refused import Refused
from tests.telegram_dc.world import World


def _whole(world: World, caller: Caller, location: Any) -> bytes:
    return world.media.locate(location, caller.dc_id, world.faults.is_gone(getattr(location, "id", 0)))


@answers(functions.upload.GetFileRequest)
def _file(world: World, caller: Caller, request: Any) -> Any:
    data = _whole(world, caller, request.location)
    part = piece(data, request.offset, request.limit)
    return types.upload.File(file_type(data), int(world.clock()), world.faults.spoil(part))


@answers(functions.upload.GetFileHashesRequest)
def _hashes(world: World, caller: Caller, request: Any) -> Any:
    return hashes(_whole(world, caller, request.location), request.offset)


@answers(functions.upload.SaveFilePartRequest, functions.upload.SaveBigFilePartRequest)
def _save_part(world: World, caller: Caller, request: Any) -> Any:
    world.parts.setdefault(request.file_id, {})[request.file_part] = request.bytes
    return True


def _uploaded(world: World, file: Any) -> bytes:
    parts = world.parts.pop(file.id, {})
    if sorted(parts) != list(range(file.parts)):
        raise Refused("FILE_PARTS_INVALID")
    return b"".join(parts[number] for number in range(file.parts))


def _media(world: World, media: Any) -> Any:
    """The MessageMedia for what a client sends along."""
    if isinstance(media, types.InputMediaUploadedPhoto):
        return world.media.as_media(world.media.photo(_uploaded(world, media.file), None, world.home))
    if isinstance(media, types.InputMediaUploadedDocument):
        name = media.file.name or None
        made = world.media.document(_uploaded(world, media.file), media.mime_type, name, dc_id=world.home)
        return world.media.as_media(made)
    known = world.media.find(getattr(getattr(media, "id", None), "id", 0))
    if known is None:
        raise Refused("MEDIA_INVALID")
    return world.media.as_media(known)


@answers(functions.messages.SendMessageRequest, functions.messages.SendMediaRequest)
def _send(world: World, caller: Caller, request: Any) -> Any:
    channel = None if world.is_me(request.peer) else world.channel_of(request.peer)
    if channel is not None and channel.id not in world.writable:
        raise Refused("CHAT_WRITE_FORBIDDEN", 403)
    if request.random_id in world.random_ids:
        raise Refused("RANDOM_ID_DUPLICATE", 500)
    sent = getattr(request, "media", None)
    if channel is not None:
        number = channel.post(request.message, None if sent is None else _media(world, sent), push=False)
        world.random_ids.add(request.random_id)
        return types.Updates([types.UpdateMessageID(number, request.random_id)], [], [channel.chat()], now(), 0)
    peer = types.PeerUser(world.me.id)
    made = types.Message(
        len(world.saved) + 1,
        peer,
        date=now(),
        message=request.message,
        out=True,
        from_id=peer,
        saved_peer_id=peer,
        media=None if sent is None else _media(world, sent),
        entities=request.entities,
    )
    world.saved.append(made)
    world.random_ids.add(request.random_id)
    updates = [types.UpdateMessageID(made.id, request.random_id), types.UpdateNewMessage(made, world.pts, 1)]
    return types.Updates(updates, [world.me], [], now(), 0)
