"""What the collector's commands say at a terminal."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from provenance.core import answers
from provenance.render.layout import TITLE, called, columns, day, moment
from provenance.render.terminal import imported
from provenance.render.text import visible


def followed(follows: Sequence[answers.Follow]) -> RenderableType:
    if not follows:
        return Text("No channel is followed. Add one with `provenance channels add @NAME`.")
    table = columns("Channel", "Added as", "Compared", "State")
    for each in follows:
        title = f"{visible(each.channel.title, 28)}\n{each.channel.id}" if each.channel else "not asked yet"
        state = "joined" if each.joined else "read without joining" if each.channel else "waits for Telegram"
        if each.trouble:
            state = f"{visible(each.trouble, 100)}; tried again {moment(each.retry_at) if each.retry_at else 'soon'}"
        table.add_row(title, visible(each.asked, 40), moment(each.checked_at) if each.checked_at else "-", state)
    return table


def removed(follow: answers.Follow) -> RenderableType:
    name = called(follow.channel) if follow.channel else visible(follow.asked, TITLE)
    return Text(f"{name} is followed no longer. What was archived of it stays.")


def suggestions(found: Sequence[answers.Suggestion]) -> RenderableType:
    if not found:
        return Text("No post credits a channel that is not followed already.")
    table = columns("Credited", "Posts", "In channels", "Latest", "Channel", numbers={1, 2})
    for each in found:
        name = f"@{visible(each.username, 32)}" if each.username else str(each.peer_id)
        latest = day(each.latest)
        table.add_row(visible(each.title or "", 40), str(each.posts), str(each.channels), latest, name)
    return Group(table, Text(), Text("Follow one with `provenance channels add @NAME`.", "dim"))


def backfilled(done: answers.Backfilled) -> RenderableType:
    images = f"{done.images} in these posts, {done.files} files new, {done.images_missing} not kept or not sent"
    rows = [
        ("channels", str(done.channels)),
        ("posts", f"{done.posts_new} new, {done.posts_known} known, {done.posts_changed} changed"),
        ("images", images),
    ]
    if done.waiting:
        rows.append(("waiting", f"{done.waiting} files could not be had yet; run it again later"))
    return imported(rows, done.problems)
