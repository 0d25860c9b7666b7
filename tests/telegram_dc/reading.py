"""Answers about channels and their messages, and about what changed: state and differences."""

from datetime import UTC, datetime
from typing import Any

from telethon.tl import functions, types

from tests.telegram_dc.answers import Caller, answers
from tests.telegram_dc.channels import PAGE_LIMIT, Channel
from tests.telegram_dc.media import now
from tests.telegram_dc.refused import Refused
from tests.telegram_dc.world import World


def _joined(channel: Channel) -> Any:
    """What joining a channel answers."""
    channel.joined = True
    updates = types.Updates([types.UpdateChannel(channel.id)], [], [channel.chat()], now(), 0)
    return types.messages.ChatInviteJoinResultOk(updates)


@answers(functions.contacts.ResolveUsernameRequest)
def _resolve(world: World, caller: Caller, request: Any) -> Any:
    wanted = request.username.lower()
    for channel in world.channels.values():
        if channel.username and channel.username.lower() == wanted and not world.faults.vanished(wanted):
            return types.contacts.ResolvedPeer(types.PeerChannel(channel.id), [channel.chat()], [])
    raise Refused("USERNAME_NOT_OCCUPIED")


@answers(functions.channels.GetChannelsRequest)
def _channels(world: World, caller: Caller, request: Any) -> Any:
    return types.messages.Chats([world.channel_of(each, reading=False).chat() for each in request.id])


@answers(functions.channels.GetFullChannelRequest)
def _full_channel(world: World, caller: Caller, request: Any) -> Any:
    channel = world.channel_of(request.channel)
    full = types.ChannelFull(
        channel.id,
        channel.about,
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=0,
        chat_photo=channel.photo or types.PhotoEmpty(0),
        notify_settings=types.PeerNotifySettings(),
        bot_info=[],
        pts=channel.pts,
        participants_count=100,
    )
    return types.messages.ChatFull(full, [channel.chat()], [])


@answers(functions.channels.JoinChannelRequest)
def _join(world: World, caller: Caller, request: Any) -> Any:
    return _joined(world.channel_of(request.channel))


@answers(functions.channels.LeaveChannelRequest)
def _leave(world: World, caller: Caller, request: Any) -> Any:
    channel = world.channel_of(request.channel)
    if not channel.joined:
        raise Refused("USER_NOT_PARTICIPANT")
    channel.joined = False
    return types.Updates([types.UpdateChannel(channel.id)], [], [channel.chat()], now(), 0)


def _invited(world: World, secret: str) -> Channel:
    for channel in world.channels.values():
        if channel.invite == secret and not world.faults.banned(channel.id):
            return channel
    raise Refused("INVITE_HASH_EXPIRED")


@answers(functions.messages.CheckChatInviteRequest)
def _check_invite(world: World, caller: Caller, request: Any) -> Any:
    channel = _invited(world, request.hash)
    if channel.joined:
        return types.ChatInviteAlready(channel.chat())
    return types.ChatInvite(
        channel.title,
        channel.photo or types.PhotoEmpty(0),
        participants_count=100,
        color=0,
        channel=True,
        broadcast=(not channel.megagroup) or None,
        megagroup=channel.megagroup or None,
        public=channel.username is not None or None,
    )


@answers(functions.messages.ImportChatInviteRequest)
def _import_invite(world: World, caller: Caller, request: Any) -> Any:
    channel = _invited(world, request.hash)
    if channel.joined:
        raise Refused("USER_ALREADY_PARTICIPANT")
    return _joined(channel)


@answers(functions.messages.GetHistoryRequest)
def _history(world: World, caller: Caller, request: Any) -> Any:
    if world.is_me(request.peer):
        found = [each for each in world.saved if not request.offset_id or each.id < request.offset_id]
        return types.messages.Messages(found[::-1][: request.limit], [], [], [world.me])
    channel = world.channel_of(request.peer)
    return channel.page(request, world.faults.page_limit(PAGE_LIMIT))


@answers(functions.channels.GetMessagesRequest)
def _messages(world: World, caller: Caller, request: Any) -> Any:
    if len(request.id) > PAGE_LIMIT:
        raise Refused("MESSAGE_IDS_TOO_MANY")
    return world.channel_of(request.channel).messages([getattr(each, "id", 0) for each in request.id])


@answers(functions.messages.GetMessagesRequest)
def _own_messages(world: World, caller: Caller, request: Any) -> Any:
    there = {each.id: each for each in world.saved}
    numbers = [getattr(each, "id", 0) for each in request.id]
    found = [there.get(number) or types.MessageEmpty(number, types.PeerUser(world.me.id)) for number in numbers]
    return types.messages.Messages(found, [], [], [world.me])


@answers(functions.messages.GetDialogsRequest)
def _dialogs(world: World, caller: Caller, request: Any) -> Any:
    joined = [each for each in world.channels.values() if each.joined and not world.faults.banned(each.id)]
    tops = [message for each in joined for message in each.top()]
    return types.messages.Dialogs([each.dialog() for each in joined], tops, [each.chat() for each in joined], [])


def _state(world: World) -> Any:
    return types.updates.State(world.pts, 1, now(), 1, 0)


@answers(functions.updates.GetStateRequest)
def _get_state(world: World, caller: Caller, request: Any) -> Any:
    return _state(world)


@answers(functions.updates.GetDifferenceRequest)
def _difference(world: World, caller: Caller, request: Any) -> Any:
    new = world.saved[max(0, request.pts - 1) :]
    since = (request.date or datetime.fromtimestamp(0, UTC)).timestamp()
    # What happened in a channel is asked of the channel; the account's difference only says where to ask.
    changed = [
        each
        for each in world.channels.values()
        if each.joined and not world.faults.banned(each.id) and each.events and each.events[-1].at >= since
    ]
    if not new and not changed:
        return types.updates.DifferenceEmpty(now(), 1)
    hints = [types.UpdateChannelTooLong(each.id, each.pts) for each in changed]
    chats = [each.chat() for each in changed]
    return types.updates.Difference(new, [], hints, chats, [world.me], _state(world))


@answers(functions.updates.GetChannelDifferenceRequest)
def _channel_difference(world: World, caller: Caller, request: Any) -> Any:
    channel = world.channel_of(request.channel)
    return channel.difference(request.pts, request.limit, world.faults.is_too_long(channel.id))
