"""How requests reach their answers: the table of handlers, what needs a login, and the small requests.

A handler takes the world, the caller and the request, and returns a TL value or raises Refused. The world is locked.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from telethon.tl import functions, types

from tests.telegram_dc.media import now
from tests.telegram_dc.refused import Refused
from tests.telegram_dc.wire import tl_bytes
from tests.telegram_dc.world import Key, World


@dataclass(frozen=True)
class Caller:
    """Who asks, and which data centre is asked."""

    key: Key
    dc_id: int


Handler = Callable[[World, Caller, Any], Any]

_HANDLERS: dict[type, Handler] = {}
_OPEN: set[type] = set()  # requests that need no login


def answers(*requests: Any, login: bool = True) -> Callable[[Handler], Handler]:
    """Enter a handler into the table for these request classes."""

    def enter(handler: Handler) -> Handler:
        for request in requests:
            _HANDLERS[request] = handler
            if not login:
                _OPEN.add(request)
        return handler

    return enter


def answer(world: World, caller: Caller, request: Any) -> bytes:
    """The value for a request, or an RpcError, as TL bytes."""
    kind = type(request)
    try:
        if kind not in _OPEN:
            _check_login(caller.key)
        handler = _HANDLERS.get(kind)
        if handler is None:
            world.unknown[kind.__name__] += 1
            raise Refused("METHOD_NOT_SUPPORTED_HERE")
        return tl_bytes(handler(world, caller, request))
    except Refused as refused:
        return error(refused)
    except Exception:  # noqa: BLE001 - whatever it is, the test wants to read it and the client must get an answer
        world.errors.append(traceback.format_exc())
        return error(Refused("DATA_CENTRE_BUG", 500))


def error(refused: Refused) -> bytes:
    """The RpcError that says so, as TL bytes."""
    return tl_bytes(types.RpcError(refused.code, refused.message))


def _check_login(key: Key) -> None:
    if key.revoked:
        raise Refused(key.revoked, 406 if key.revoked == "AUTH_KEY_DUPLICATED" else 401)
    if key.needs_password:
        raise Refused("SESSION_PASSWORD_NEEDED", 401)
    if not key.authorised:
        raise Refused("AUTH_KEY_UNREGISTERED", 401)


@answers(functions.help.GetConfigRequest, login=False)
def _config(world: World, caller: Caller, request: Any) -> Any:
    # Every other number is one that no client under test reads.
    numbers = dict.fromkeys(
        (
            "chat_size_max", "megagroup_size_max", "forwarded_count_max", "online_update_period_ms",
            "offline_blur_timeout_ms", "offline_idle_timeout_ms", "online_cloud_timeout_ms", "notify_cloud_delay_ms",
            "notify_default_delay_ms", "push_chat_period_ms", "push_chat_limit", "edit_time_limit",
            "revoke_time_limit", "revoke_pm_time_limit", "rating_e_decay", "stickers_recent_limit",
            "channels_read_media_period", "call_receive_timeout_ms", "call_ring_timeout_ms",
            "call_connect_timeout_ms", "call_packet_timeout_ms", "caption_length_max", "message_length_max",
        ),
        1000,
    )  # fmt: skip
    return types.Config(
        date=now(),
        expires=now() + timedelta(hours=1),
        test_mode=False,
        this_dc=caller.dc_id,
        dc_options=[types.DcOption(number, "127.0.0.1", port) for number, port in world.ports.items()],
        dc_txt_domain_name="localhost",
        me_url_prefix="https://t.me/",
        webfile_dc_id=world.home,
        **numbers,
    )


@answers(functions.help.GetNearestDcRequest, login=False)
def _nearest(world: World, caller: Caller, request: Any) -> Any:
    return types.NearestDc("DE", caller.dc_id, world.home)


@answers(functions.help.GetAppConfigRequest, login=False)
def _app_config(world: World, caller: Caller, request: Any) -> Any:
    return types.help.AppConfig(1, types.JsonObject([]))


@answers(functions.account.UpdateStatusRequest)
def _status(world: World, caller: Caller, request: Any) -> Any:
    return True


@answers(functions.users.GetUsersRequest)
def _users(world: World, caller: Caller, request: Any) -> Any:
    return [world.me if world.is_me(each) else types.UserEmpty(getattr(each, "user_id", 0)) for each in request.id]


@answers(functions.users.GetFullUserRequest)
def _full_user(world: World, caller: Caller, request: Any) -> Any:
    if not world.is_me(request.id):
        raise Refused("USER_ID_INVALID")
    full = types.UserFull(world.me.id, types.PeerSettings(), types.PeerNotifySettings(), 0)
    return types.users.UserFull(full, [], [world.me])
