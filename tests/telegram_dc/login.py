"""Answers about logging in: code, password, QR code, log out, and the authorisations that other data centres need."""

from datetime import UTC, datetime
from typing import Any

from telethon.tl import functions, types

from tests.telegram_dc.answers import Caller, answers
from tests.telegram_dc.refused import Refused
from tests.telegram_dc.world import Key, World


def _digits(phone: str) -> str:
    return "".join(filter(str.isdigit, phone))


def _enter(world: World, key: Key) -> Any:
    """Log a key in."""
    key.authorised, key.needs_password, key.qr_accepted, key.revoked = True, False, False, None
    return types.auth.Authorization(world.me)


def _first_factor(world: World, key: Key) -> Any:
    """Log a key in, or ask for the second factor first."""
    if world.password is None:
        return _enter(world, key)
    key.needs_password, key.qr_accepted, key.revoked = True, False, None
    raise Refused("SESSION_PASSWORD_NEEDED", 401)


@answers(functions.auth.SendCodeRequest, functions.auth.ResendCodeRequest, login=False)
def _send_code(world: World, caller: Caller, request: Any) -> Any:
    if _digits(request.phone_number) != _digits(world.phone):
        raise Refused("PHONE_NUMBER_INVALID")
    ticket = world.fresh_bytes(9).hex()
    world.codes[ticket] = _digits(request.phone_number)
    return types.auth.SentCode(types.auth.SentCodeTypeApp(len(world.code)), ticket)


@answers(functions.auth.CancelCodeRequest, login=False)
def _cancel_code(world: World, caller: Caller, request: Any) -> Any:
    return world.codes.pop(request.phone_code_hash, None) is not None


@answers(functions.auth.SignInRequest, login=False)
def _sign_in(world: World, caller: Caller, request: Any) -> Any:
    if world.codes.get(request.phone_code_hash) != _digits(request.phone_number):
        raise Refused("PHONE_CODE_EXPIRED")
    if not request.phone_code:
        raise Refused("PHONE_CODE_EMPTY")
    if request.phone_code != world.code:
        raise Refused("PHONE_CODE_INVALID")
    return _first_factor(world, caller.key)


@answers(functions.account.GetPasswordRequest, login=False)
def _password(world: World, caller: Caller, request: Any) -> Any:
    if not (caller.key.needs_password or caller.key.authorised):
        raise Refused("AUTH_KEY_UNREGISTERED", 401)
    unknown = types.PasswordKdfAlgoUnknown(), types.SecurePasswordKdfAlgoUnknown(), world.fresh_bytes(64)
    if world.password is None:
        return types.account.Password(*unknown)
    verifier = world.verifier()
    number, question = verifier.question()
    return types.account.Password(
        *unknown, has_password=True, current_algo=verifier.algorithm, srp_B=question, srp_id=number, hint="a hint"
    )


@answers(functions.auth.CheckPasswordRequest, login=False)
def _check_password(world: World, caller: Caller, request: Any) -> Any:
    if not caller.key.needs_password:
        raise Refused("AUTH_KEY_UNREGISTERED", 401)
    if not world.verifier().accepts(request.password):
        raise Refused("PASSWORD_HASH_INVALID")
    return _enter(world, caller.key)


@answers(functions.auth.LogOutRequest)
def _log_out(world: World, caller: Caller, request: Any) -> Any:
    caller.key.authorised = False
    return types.auth.LoggedOut()


@answers(functions.auth.ExportLoginTokenRequest, login=False)
def _export_token(world: World, caller: Caller, request: Any) -> Any:
    if caller.key.qr_accepted:
        return types.auth.LoginTokenSuccess(_first_factor(world, caller.key))
    token = world.fresh_bytes(32)
    ends = world.clock() + world.qr_seconds
    world.tokens[token] = caller.key.id, ends
    return types.auth.LoginToken(datetime.fromtimestamp(ends, UTC), token)


@answers(functions.auth.ImportLoginTokenRequest, login=False)
def _import_token(world: World, caller: Caller, request: Any) -> Any:
    key_id, ends = world.tokens.get(request.token, (0, 0.0))
    if not key_id or not world.keys[key_id].qr_accepted:
        raise Refused("AUTH_TOKEN_INVALID")
    if ends < world.clock():
        raise Refused("AUTH_TOKEN_EXPIRED")
    return types.auth.LoginTokenSuccess(_first_factor(world, caller.key))


@answers(functions.auth.ExportAuthorizationRequest)
def _export_authorisation(world: World, caller: Caller, request: Any) -> Any:
    if request.dc_id == caller.dc_id or request.dc_id not in world.ids:
        raise Refused("DC_ID_INVALID")
    secret = world.fresh_bytes()
    world.exported[world.me.id, secret] = request.dc_id
    return types.auth.ExportedAuthorization(world.me.id, secret)


@answers(functions.auth.ImportAuthorizationRequest, login=False)
def _import_authorisation(world: World, caller: Caller, request: Any) -> Any:
    if world.exported.pop((request.id, request.bytes), None) != caller.dc_id:
        raise Refused("AUTH_BYTES_INVALID")
    return _enter(world, caller.key)
