"""Every sentence about what metadata means, in one place: what was seen, what that shows, and what it does not.

Anyone can write metadata, and a camera's clock is whatever its owner made it: that is said wherever it matters. Nothing
is called fake, manipulated or original here.
"""

from collections.abc import Mapping

from provenance.core.metadata import Level

INFO, NOTICE, WARNING = Level.INFO, Level.NOTICE, Level.WARNING

FINDINGS: Mapping[str, tuple[Level, str]] = {
    # When
    "captured": (INFO, "The file says that the photograph was taken on {when}. Anyone can write that into a file."),
    "captured_before_seen": (
        INFO,
        (
            "The file says that the photograph was taken on {when}, {gap} before the first sighting that this archive "
            "knows of ({first}). That fits; who took it is not shown by that."
        ),
    ),
    "captured_near_seen": (
        INFO,
        (
            "The file says that the photograph was taken on {when}, about the time of the first sighting that this "
            "archive knows of ({first}). Which came first cannot be told: {why}."
        ),
    ),
    "captured_after_seen": (
        WARNING,
        (
            "The file says that the photograph was taken on {when}, {gap} after the first sighting that this archive "
            "knows of ({first}). Both cannot be right: the camera's clock was wrong, or the time was written later."
        ),
    ),
    "captured_soon_after_seen": (
        NOTICE,
        (
            "The file says that the photograph was taken on {when}, {gap} after the first sighting that this archive "
            "knows of ({first}). A clock that was set wrong, or to another time zone, would explain that."
        ),
    ),
    "captured_unset": (
        INFO,
        (
            "The file gives {when} as the time of the photograph: there clocks begin that were never set. It says "
            "nothing about when the photograph was taken."
        ),
    ),
    "captured_before_claim": (
        WARNING,
        (
            "The file says that the photograph was taken on {when}, {gap} before the day that is claimed "
            "({claim}). If its clock was right, it does not show that day."
        ),
    ),
    "captured_on_claim": (
        INFO,
        (
            "The file says that the photograph was taken on {when}, which fits the day that is claimed ({claim})."
            " A file made to fit would say the same."
        ),
    ),
    "captured_after_claim": (
        WARNING,
        (
            "The file says that the photograph was taken on {when}, {gap} after the day that is claimed "
            "({claim}). If its clock was right, it does not show that day."
        ),
    ),
    "seen_before_claim": (
        WARNING,
        (
            "The first sighting that this archive knows of is of {seen}, {gap} before the day that is claimed "
            "({claim}): {first}. The picture cannot show what happened on that day."
        ),
    ),
    "times_disagree": (
        NOTICE,
        (
            "The file gives two times for the photograph that lie {gap} apart. One clock was wrong, or one was "
            "written later."
        ),
    ),
    "digitised": (INFO, "The file says that it was scanned or stored on {when}; that need not be when it was taken."),
    "modified": (INFO, "The file says that it was last changed on {when}. Saving it again is enough for that."),
    # Where
    "place": (INFO, "The file says that the photograph was taken at {place}. A position can be written by hand."),
    "place_unset": (
        INFO,
        "The file gives the position 0, 0, which programs write when they know none. It says nothing about the place.",
    ),
    "places_disagree": (
        NOTICE,
        "The file gives two positions for the photograph that lie {distance} apart. At most one of them is right.",
    ),
    "place_near_claim": (
        INFO,
        (
            "The file says that the photograph was taken at {place}, {distance} from the place that is claimed. A"
            " file made to fit would say the same."
        ),
    ),
    "place_off_claim": (
        NOTICE,
        (
            "The file says that the photograph was taken at {place}, {distance} from the place that is claimed: "
            "near enough for a place that is named roughly, too far for an exact one."
        ),
    ),
    "place_rough": (
        INFO,
        (
            "The file says that the photograph was taken at {place}, give or take {precision}. Whether that is the "
            "place that is claimed, {distance} away, cannot be told."
        ),
    ),
    "place_far_from_claim": (
        WARNING,
        (
            "The file says that the photograph was taken at {place}, {distance} from the place that is claimed. "
            "If the position is right, it was taken elsewhere."
        ),
    ),
    # With what
    "camera": (
        INFO,
        "The file names its camera: {camera}. Telegram's photos lose that, files sent as documents keep it.",
    ),
    "same_device": (
        NOTICE,
        (
            "{count} other archived file(s) name a device with the same number. They were most likely taken with "
            "it; a number can be copied."
        ),
    ),
    "software": (INFO, "The file names the program that wrote it, or only that program's version: {software}."),
    "edited": (
        NOTICE,
        (
            "The file names a program for editing pictures: {software}. Cropping or brightening is enough for "
            "that; what was changed is not told."
        ),
    ),
    "history": (
        NOTICE,
        "The file tells of its editing, in {count} step(s), with {software}. Other steps may have left no trace.",
    ),
    # From what
    "same_document": (
        NOTICE,
        (
            "{count} other archived file(s) share an id of this document. They are most likely versions of one "
            "document, or one was made from the other; such ids can be copied."
        ),
    ),
    "same_unique_id": (
        NOTICE,
        (
            "{count} other archived file(s) have the same image id. They are most likely made from one shot; such ids "
            "can be copied."
        ),
    ),
    "derived": (INFO, "The file says that it was made from another document. What that showed is not told."),
    "facebook": (
        NOTICE,
        (
            "The file carries Facebook's mark: it most likely passed through Facebook or Instagram before. When, "
            "and who posted it there, is not told; the mark can be copied."
        ),
    ),
    "telegram_like": (
        INFO,
        (
            "The file is compressed as Telegram Desktop compresses photos. Others can do the same (3 of 1,000 images "
            "of another collection, none of 304 from cameras): it fits Telegram, and does not show it."
        ),
    ),
    "thumbnail_differs": (
        WARNING,
        (
            "The small preview inside the file shows something else than the file does: an earlier state, before "
            "a crop or a change, may be seen in it. Some programs forget to renew it."
        ),
    ),
    # Made by whom
    "generated": (
        WARNING,
        (
            "The file says that it was generated by a program, not photographed: {how}. Such a mark can be "
            "written or removed by anyone; those who remove it are not found by this."
        ),
    ),
    "generator": (
        WARNING,
        (
            "The file bears the mark of a program that generates pictures: {how}. It may have made all of the picture, "
            "or changed a photograph. Such a mark can be written or removed by anyone."
        ),
    ),
    "partly_generated": (
        WARNING,
        "The file says that parts of it were generated by a program: {how}. Which parts is not told here.",
    ),
    "composite": (NOTICE, "The file says that it was put together from several pictures: {how}."),
    "drawn": (NOTICE, "The file says that it was made with a program, not photographed: {how}."),
    "screen_capture": (
        NOTICE,
        "The file says that it shows what was on a screen: {how}. How that came there is not told.",
    ),
    "signed_trusted": (
        INFO,
        (
            "The file carries an intact signature of {issuer}, who is on the list of trusted signers. It shows "
            "that the file is unchanged since, not that what it shows is true."
        ),
    ),
    "signed_valid": (
        NOTICE,
        (
            "The file carries an intact signature that names {issuer}. Who that is was not confirmed by anybody: "
            "such names can be made up."
        ),
    ),
    "signature_broken": (
        WARNING,
        (
            "The file carries a signature that does not fit it: it was changed after signing, or the signature "
            "was damaged. Many programs that save a file again do that without any intent."
        ),
    ),
    "signature_remote": (INFO, "The file says that its signature is kept on a server ({url}). It was not fetched."),
    "signature_unread": (INFO, "The file carries a C2PA manifest that could not be read here."),
    "unread": (INFO, "Part of the metadata could not be read ({blocks}). What it says is not known."),
}

LENT = "{text} This is told by another file and not by the image itself: {way}."
NO_ZONE = "the file gives no time zone, and the clocks of the world are up to 26 hours apart"
NO_CLOCK = "the file gives the day only"
CLOSE = "the two are less than a minute apart"
