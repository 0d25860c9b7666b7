"""Every error that a user can see.

ProvenanceError
├── SettingsError        a setting or a PROVENANCE_* variable is wrong
├── UsageProblem         the command's words do not fit together
├── ArchiveError
│   ├── NoArchive        there is none where it was looked for
│   ├── ArchiveTooNew    made by a newer version
│   ├── ArchiveTooOld    wants `db upgrade`
│   ├── ArchiveBusy      another process has been writing for too long
│   └── ArchiveUnusable  the disk or the database refused
├── SourceError          an export or a folder cannot be read
│   ├── NotAnExport
│   ├── HtmlExport
│   └── DamagedExport
├── TelegramError
│   ├── NotLoggedIn      there is no session, or it was never completed
│   ├── SessionInUse     another process holds the session
│   ├── SessionUnusable  its file or its folder cannot be used
│   ├── LoginRefused     Telegram does not accept what was typed
│   ├── AccountLost      the session or the account is at an end
│   ├── Unreachable      no connection to Telegram
│   └── ChannelRefused   Telegram does not let this account read a channel, or there is none
├── OutputRefused        a report or page cannot be written
├── PdfUnavailable       there is nothing that prints pages
├── PdfNotMade           what prints them failed, or took too long
├── DeliveryFailed       a report did not reach a target
├── ImageRefused         bytes that could not be decoded within the limits
├── ModelError
│   ├── ModelMissing     altered copies cannot be looked for: no model, or nothing to run it with
│   ├── ModelUnusable    the file is no model that fits, or damaged
│   └── ModelNotFetched  pip, the network or what came from it
├── SandboxBroken        the processes that decode images cannot be kept running
└── NothingFound         a REF or a name that the archive does not hold

Trouble with one item of many is a value that is kept and counted, not one of these.
"""

from typing import ClassVar


class ProvenanceError(Exception):
    """The root. `template` and `hint` are filled in from the facts given by keyword."""

    exit_status: ClassVar[int] = 2
    template: ClassVar[str] = "{what}"
    hint: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(" ".join(part for part in (self.message, self.advice) if part))

    @property
    def message(self) -> str:
        """What happened, and to what."""
        return self.template.format(**self.facts)

    @property
    def advice(self) -> str:
        """What to do about it; empty where nothing sensible can be said."""
        return self.hint.format(**self.facts)


class SettingsError(ProvenanceError):
    template = "{where}: {what}."
    hint = "Correct it, or leave it out for the default."


class UsageProblem(ProvenanceError):
    template = "{what}"


class ArchiveError(ProvenanceError):
    pass


class NoArchive(ArchiveError):
    template = "There is no archive in {directory}."
    hint = (
        "Make one with `provenance --archive {directory} import telegram-export PATH` or `channels add @NAME`, "
        "or name another with --archive."
    )


class ArchiveTooNew(ArchiveError):
    template = (
        "The archive in {directory} was written by a newer Provenance (its tables: {found}; known here: {known})."
    )
    hint = "Install the newer version; this one leaves the archive alone."


class ArchiveTooOld(ArchiveError):
    template = "The archive in {directory} is of an older version (its tables: {found}; needed: {known})."
    hint = "Run `provenance --archive {directory} db upgrade`: it makes a backup copy first."


class ArchiveBusy(ArchiveError):
    template = "The archive in {directory} is being written by another process."
    hint = "Wait until it has finished and run the command again."


class ArchiveUnusable(ArchiveError):
    template = "The archive in {directory} cannot be used: {what}."
    hint = "Look at the disk (space, rights), then run `provenance verify`."


class SourceError(ProvenanceError):
    template = "{path}: {what}."


class NotAnExport(SourceError):
    template = "{path}: not a Telegram Desktop export ({what})."
    hint = "In Telegram Desktop: chat menu, Export chat history, format JSON; then give its folder or result.json."


class HtmlExport(SourceError):
    template = "{path}: this export holds HTML pages only."
    hint = "Export again in Telegram Desktop and choose the format JSON (Machine-readable JSON)."


class DamagedExport(SourceError):
    template = "{path}: damaged {where}: {what}."
    hint = "Every whole post before that place is archived; export again for the rest."


class TelegramError(ProvenanceError):
    pass


class NotLoggedIn(TelegramError):
    template = "There is no Telegram login in {directory}."
    hint = "Run `provenance --archive {directory} login` once; its session is kept in that folder."


class SessionInUse(TelegramError):
    template = "The Telegram session {session} is in use by another process."
    hint = "A running `watch` does all of the collecting by itself; stop it to use the session elsewhere."


class SessionUnusable(TelegramError):
    template = "The Telegram session {session} cannot be used: {what}."
    hint = "Look at the disk (space, rights) and at [telegram] in the settings."


class LoginRefused(TelegramError):
    template = "Telegram refused the login: {what}."
    hint = "Run `provenance login` again."


class AccountLost(TelegramError):
    template = "Telegram has ended this login: {what}."
    hint = "See what Telegram says in the official app, then run `provenance login` again. The archive is whole."


class Unreachable(TelegramError):
    template = "Telegram cannot be reached: {what}."
    hint = "Look at the network and at [telegram] proxy, then try again; nothing is lost meanwhile."


class ChannelRefused(TelegramError):
    """The fact `waits` is set where it is for others to act: an administrator has been asked."""

    template = "{name}: {what}."


class ImageRefused(ProvenanceError):
    template = "{path}: {what}."


class SandboxBroken(ProvenanceError):
    template = "The processes that decode images cannot be kept running: {what}."
    hint = "Look at the memory that is free and at [images] memory_mb, then run the command again to go on."


class ModelError(ProvenanceError):
    """What looks for altered copies: a copy-detection network in an ONNX file, and onnxruntime."""


class ModelMissing(ModelError):
    template = "Altered copies cannot be looked for: {what}."
    hint = "Run `pip install 'provenance[sscd]'`, then `provenance model install`."


class ModelUnusable(ModelError):
    template = "{path}: not a usable model: {what}."
    hint = "Run `provenance model install`, or correct [images] model in the settings."


class ModelNotFetched(ModelError):
    template = "The model could not be fetched: {what}."
    hint = "Look at the network and at pip's settings; or name an ONNX file of your own under [images] model."


class OutputRefused(ProvenanceError):
    template = "{path}: cannot be written: {what}."
    hint = "Look at the disk (space, rights), or name another place."


class PdfUnavailable(ProvenanceError):
    template = "PDF needs Chromium or WeasyPrint: {what}."
    hint = "Install one of them, or name it as `browser` under [report] in the settings."


class PdfNotMade(ProvenanceError):
    template = "{path}: the PDF could not be made: {what}."
    hint = "Run `provenance doctor`; the page as HTML can be printed from any browser."


class DeliveryFailed(ProvenanceError):
    template = "{target}: not delivered: {what}."
    hint = "The report itself is made. `provenance watch` tries again by itself; see `provenance doctor`."


class NothingFound(ProvenanceError):
    template = "{what}"
