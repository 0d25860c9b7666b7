"""Answers for people at a terminal: they read well at 80 columns and in a pipe."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree

from provenance.core import answers, chain, likeness, times
from provenance.core.model import Confidence, File, Link, Match, MatchKind, Problem, Sighting, Unarchived
from provenance.core.wording import counted
from provenance.render import metadata
from provenance.render.labels import label
from provenance.render.layout import TITLE, called, columns, coverage_lines, day, indented, line, moment, place
from provenance.render.text import size, visible

_TEXT = 160


def lookup(answer: answers.LookupAnswer) -> RenderableType:
    parts: list[RenderableType] = [_suspect(answer.suspect)]
    first = answer.chain.first
    if first is None:
        parts.append(Text(_not_found(answer), "bold"))
        parts.append(Text("That is no proof that it was never posted: only what is archived was searched."))
    else:
        match = answer.matches.get(first.file.id)
        parts += [Text(), *_first(answer.chain, match, narrowed=bool(answer.narrowed)), Text()]
        matches = {each.sighting.attachment_id: each.match for each in answer.sightings}
        parts += _chain(answer.chain, answer.picture, matches, answer.limit)
    parts += metadata.lines(answer.suspect.findings)
    if answer.possible:
        parts += [Text(), Text("Possible, to be judged by eye", "bold")]
        parts += [_possible(each) for each in answer.possible]
    for title, others in (
        ("The same scene, another photograph: no copies", answer.same_scene),
        ("The same design with other contents: no copies", answer.same_template),
    ):
        if others:
            parts += [Text(), Text(title, "bold"), *(_possible(each, copy=False) for each in others)]
    parts += [Text(), *coverage_lines(answer.coverage), *_warnings((*answer.warnings, *answer.chain.warnings))]
    return Group(*parts)


def lookup_in_short(answer: answers.LookupAnswer) -> RenderableType:
    """Whether the suspect was found, where first, and what was measured; nothing of the chain."""
    built = answer.chain
    if built.first is None:
        return Group(_suspect(answer.suspect), indented(_not_found(answer)))
    seen = times.dated(built.first)
    parts: list[RenderableType] = [
        _suspect(answer.suspect),
        indented(f"First seen in this archive: {moment(seen.at)}"),
        indented(
            f"in {called(built.first.channel)}, {place(built.first)}; {counted(len(built.sightings), 'sighting')}"
        ),
    ]
    if match := answer.matches.get(built.first.file.id):
        parts.append(indented(_said(match)))
    return Group(*parts)


def imported(counts: Sequence[tuple[str, str]], problems: Sequence[Problem], shown: int = 20) -> RenderableType:
    """`counts`: what, and how many of which kind."""
    table = columns("", "")
    for name, words in counts:
        table.add_row(name, words)
    parts: list[RenderableType] = [table]
    if problems:
        parts += [Text(), Text(f"Problems ({len(problems)}), on record in the archive", "bold")]
        parts += [indented(f"{visible(each.where, 120)}: {visible(each.what, 200)}") for each in problems[:shown]]
        if len(problems) > shown:
            parts.append(indented(f"… and {len(problems) - shown} more: --json lists them all"))
    return Group(*parts)


def show(answer: answers.ShowAnswer) -> RenderableType:
    match answer:
        case answers.PictureAnswer():
            return _picture(answer)
        case answers.PostAnswer():
            return _post(answer)
        case answers.FileAnswer():
            return _file(answer)
        case answers.ChannelAnswer():
            return _channel_answer(answer)


def coverage(covered: Sequence[answers.ChannelCoverage], total: answers.Coverage) -> RenderableType:
    table = columns("Channel", "Posts", "Images", "From", "To", "Ids", "Gaps", numbers={1, 2, 6})
    for each in covered:
        ids = "" if each.first_id is None else f"{each.first_id}-{each.last_id}"
        table.add_row(
            f"{visible(each.channel.title, 28)}\n{each.channel.id}",
            str(each.posts),
            f"{each.images}" + (f"\n{each.missing} missing" if each.missing else ""),
            day(each.earliest),
            day(each.latest),
            ids,
            str(len(each.gaps)),
        )

    def title(each: answers.ChannelCoverage) -> str:
        return visible(each.channel.title, TITLE)

    notes = [
        indented(
            f"{visible(each.channel.title, TITLE)}: ids {gap.after_id + 1} to {gap.before_id - 1} are not covered."
        )
        for each in covered
        for gap in each.gaps[:5]
    ]
    notes += [
        indented(
            f"{visible(each.channel.title, TITLE)}: begins at id {each.first_id}; what was before is not archived."
        )
        for each in covered
        if each.starts_late
    ]
    notes += [
        indented(f"{title(each)}: ids inside that hold no post (deleted before): {each.absent}.")
        for each in covered
        if each.absent
    ]
    return Group(table, *notes, Text(), *coverage_lines(total))


def stats(counted: answers.Stats) -> RenderableType:
    table = columns("", "", numbers={1})
    for name, count in counted.counts.items():
        table.add_row(name.replace("_", " "), str(count))
    for name, count in counted.bytes.items():
        table.add_row(f"{name} on disk", size(count))
    parts: list[RenderableType] = [table]
    if counted.last_run:
        command, at, outcome = counted.last_run
        parts.append(Text(f"Last run: {command}, {moment(at)}, {outcome}"))
    if counted.daemon:
        parts.append(Text(f"Daemon: {visible(counted.daemon.words)}"))
    return Group(*parts)


def doctor(checks: Sequence[answers.Check]) -> RenderableType:
    table = columns("", "", "")
    for each in checks:
        state = {True: Text("ok", "green"), False: Text("BROKEN", "bold red"), None: Text("note", "yellow")}[each.ok]
        table.add_row(state, each.name, visible(each.detail))
    return table


def verified(result: answers.Verified) -> RenderableType:
    parts: list[RenderableType] = [Text(f"Checked {result.files} files and {result.versions} versions of posts.")]
    parts += [indented(f"WRONG  {visible(each.where)}: {visible(each.what)}", "red") for each in result.problems]
    parts += [indented(f"note: {note}") for note in result.notes]
    parts.append(
        Text(f"{counted(len(result.problems), 'problem')}." if result.problems else "Everything agrees with its hash.")
    )
    return Group(*parts)


def _suspect(suspect: answers.Suspect) -> Text:
    file = suspect.file
    words = f"{file.format} {file.width} x {file.height}, " if file.format else ""
    return Text.assemble((visible(suspect.path), "bold"), f"  {words}{size(file.size)}")


def _not_found(answer: answers.LookupAnswer) -> str:
    where = f"of the archive that was asked for ({visible(answer.narrowed, 200)})" if answer.narrowed else ""
    return f"Not found: no earlier copy of this image is in the {f'part {where}' if where else 'archive'}."


def _first(built: chain.Chain, match: Match | None, *, narrowed: bool = False) -> list[RenderableType]:
    seen, archived = built.first_seen, built.first
    if seen is None or archived is None:
        return []
    here = "First seen in what was asked for: " if narrowed else "First seen in this archive: "
    lines: list[RenderableType] = [
        Text.assemble(
            (here if seen.archived else "Proven to have been there: ", "bold"),
            (moment(seen.at), "bold green"),
            f" ({label(seen.basis)})",
        )
    ]
    if not seen.archived:
        lines.append(indented(f"in a post that is not archived: {_unarchived(seen.post)}"))
        if seen.post.url:
            lines.append(line(str(seen.post.url)))
        lines += [indented(f"! {visible(warning)}", "yellow") for warning in seen.warnings]
        when = times.dated(archived)
        lines.append(Text.assemble((here, "bold"), (moment(when.at), "bold green"), f" ({label(when.basis)})"))
    lines.append(indented(f"{called(archived.channel)}, {place(archived)}"))
    if archived.url:
        lines.append(line(str(archived.url)))
    if match:
        lines.append(indented(_said(match)))
    if archived.text:
        lines.append(indented(f"“{visible(archived.text, _TEXT)}”", "italic"))
    lines += [indented(f"! {visible(warning)}", "yellow") for warning in chain.first_seen_warnings(archived)]
    return lines


def _unarchived(post: Sighting | Unarchived) -> str:
    if post.channel is None:
        return visible(post.ref, 60) if isinstance(post, Unarchived) and post.header else "which is not known"
    where = f", post {post.message_id}" if post.message_id is not None else ""
    return f"{called(post.channel)}{where}"


def _chain(
    built: chain.Chain, picture: int | None, matches: dict[int, Match | None], limit: int | None
) -> list[RenderableType]:
    shown = built.sightings[:limit]
    channels = len({each.channel.key for each in built.sightings})
    head = f"{counted(len(built.sightings), 'sighting')} in {counted(channels, 'channel')}"
    if picture is not None:
        head += f", picture:{picture}"
    if len(shown) < len(built.sightings):
        head += f"; the first {len(shown)} are shown"
    tree = Tree(Text(head, "bold"), guide_style="dim")
    links = {link.target.attachment_id: link for link in built.links}
    nodes: dict[int | str, Tree] = {}
    for each in built.unarchived:
        label = Group(
            Text.assemble((moment(each.at), "green"), "  ", ("not archived", "bold")), Text(_unarchived(each))
        )
        nodes[each.ref] = tree.add(label)
    for seen in shown:
        link = links.get(seen.attachment_id)
        parent = nodes.get(_node(link.source), tree) if link else tree
        first = seen is built.first and not built.unarchived
        nodes[seen.attachment_id] = parent.add(_sighting(seen, link, first, matches.get(seen.attachment_id)))
    return [tree]


def _node(post: Sighting | Unarchived) -> int | str:
    return post.ref if isinstance(post, Unarchived) else post.attachment_id


def _sighting(seen: Sighting, link: Link | None, first: bool, match: Match | None) -> RenderableType:
    when = times.dated(seen)
    kind = link.kind.replace("_", " ") if link else "first seen" if first else ""
    lines = [
        Text.assemble((moment(when.at), "green"), "  ", (kind, "bold")),
        Text(f"{called(seen.channel)}, {place(seen)}"),
    ]
    if when.basis is not times.Basis.POSTED:
        lines.append(Text(label(when.basis), "dim"))
    if link:
        lines.append(Text(visible(link.evidence), "dim"))
    elif seen.forward and not first:
        lines.append(Text(f"forwarded from «{visible(seen.forward.label, TITLE)}», not archived", "dim"))
    elif match and not first:
        lines.append(Text(_matched(match), "dim"))
    if seen.deleted_seen_at:
        lines.append(Text(f"found deleted {moment(seen.deleted_seen_at)}", "red"))
    return Group(*lines)


def _possible(each: answers.Matched, *, copy: bool = True) -> RenderableType:
    words = ""
    if each.match:
        words = f" ({_matched(each.match) if copy else likeness.likeness_words(each.match) + _because(each.match)})"
    return Text(
        f"  {moment(times.dated(each.sighting).at)}  {called(each.sighting.channel)}, {place(each.sighting)}{words}"
    )


def _because(match: Match) -> str:
    return f"; {match.reason}" if match.reason and match.confidence is not Confidence.CERTAIN else ""


def _matched(match: Match) -> str:
    return f"{likeness.match_words(match)}: {match.confidence}{_because(match)}"


def _said(match: Match) -> str:
    return f"this image {'' if match.kind is MatchKind.PARTIAL else 'is '}{_matched(match)}"


def _warnings(warnings: Iterable[str]) -> list[RenderableType]:
    return [Text(f"! {visible(each)}", "yellow") for each in warnings]


def _picture(answer: answers.PictureAnswer) -> RenderableType:
    first = answer.chain.first
    parts: list[RenderableType] = [Text(f"Picture {answer.picture}: {counted(len(answer.files), 'file')}", "bold")]
    if first:
        parts += [Text(), *_first(answer.chain, None), Text()]
    parts += [*_chain(answer.chain, None, {}, None), Text(), Text("Files", "bold")]
    parts += [_file_line(each) for each in answer.files]
    if answer.matches:
        parts += [Text(), Text("Why they belong together", "bold")]
        parts += [indented(f"{one[:12]} ~ {other[:12]}: {_matched(match)}") for one, other, match in answer.matches]
    parts += metadata.lines(answer.findings, "What its files tell about themselves")
    parts += [Text(), Text("What “first seen” was", "bold")]
    parts += [
        indented(f"{moment(each.at)}  {visible(each.after_ref, 60)}, {moment(each.after_at)}: {visible(each.reason)}")
        for each in answer.revisions
    ]
    return Group(*parts, *_warnings(answer.chain.warnings))


def _post(answer: answers.PostAnswer) -> RenderableType:
    head = f"{called(answer.channel)}, post {answer.message_id}"
    parts: list[RenderableType] = [Text(head, "bold")]
    if answer.url:
        parts.append(line(str(answer.url)))
    if answer.album is not None:
        parts.append(indented(f"album {answer.album}{' (inferred)' if answer.album_inferred else ''}"))
    if answer.deleted_seen_at:
        parts.append(indented(f"found deleted {moment(answer.deleted_seen_at)}", "red"))
    for number, each in enumerate(answer.versions, 1):
        parts += [Text(), *_version(number, each, answer)]
    return Group(*parts)


def _version(number: int, each: answers.VersionAnswer, answer: answers.PostAnswer) -> list[RenderableType]:
    version = each.version
    stamps = (("posted", version.posted_at), ("edited", version.edited_at), ("file time", version.claimed_at))
    words = ", ".join(f"{name} {moment(at)}" for name, at in stamps if at)
    lines: list[RenderableType] = [
        Text(f"Version {number}: {words or 'no time given'}", "bold"),
        indented(f"observed {moment(version.observed_at)} ({version.source})"),
    ]
    if each.service:
        lines.append(indented(f"service message: {visible(each.service, 60)}"))
    if version.forward:
        lines.append(indented(f"forwarded from «{visible(version.forward.label, 60)}»"))
    if version.text:
        lines.append(Padding(Text(visible(version.text, 2_000), "italic"), (0, 0, 0, 2)))
    for held in version.held:
        if held.file:
            picture = answer.pictures.get(held.file.id)
            lines.append(indented(f"{held.kind}: picture:{picture}"))
            lines.append(Padding(_file_line(held.file), (0, 0, 0, 4), expand=False))
    lines += [
        indented(f"image {position + 1} has no file: {reason} ({visible(detail or '', 120)})")
        for position, reason, detail in each.missing
    ]
    return lines


def _file(answer: answers.FileAnswer) -> RenderableType:
    parts: list[RenderableType] = [Text(f"File {answer.file.sha256}", "bold"), _file_line(answer.file)]
    parts.append(line(str(answer.path)))
    if answer.picture is not None:
        parts.append(indented(f"part of picture:{answer.picture}"))
    parts += [Text(), Text(f"Seen in {counted(len(answer.sightings), 'post')}", "bold")]
    parts += [
        indented(f"{moment(times.dated(each).at)}  {called(each.channel)}, {place(each)}") for each in answer.sightings
    ]
    return Group(*parts, *metadata.lines(answer.findings))


def _file_line(file: File) -> Text:
    if file.refused:
        return Text(f"{file.sha256[:12]}  {size(file.size)}: {visible(file.refused)}", "yellow")
    if not file.format:
        return Text(f"{file.sha256[:12]}  {size(file.size)}: not fingerprinted yet")
    quality = f"quality of its hash {file.quality} of 100"
    return Text(f"{file.sha256[:12]}  {file.format} {file.width} x {file.height}, {size(file.size)}, {quality}")


def _channel_answer(answer: answers.ChannelAnswer) -> RenderableType:
    each = answer.coverage
    ids = f", ids {each.first_id} to {each.last_id}" if each.first_id is not None else ""
    parts: list[RenderableType] = [
        Text(f"{called(each.channel)} ({each.channel.kind} {each.channel.id})", "bold"),
        indented(f"{each.posts} posts, {each.images} images, {each.missing} without a file{ids}"),
        indented(f"{day(each.earliest)} to {day(each.latest)}; came in by {', '.join(each.sources) or 'nothing yet'}"),
        indented(f"known gaps: {len(each.gaps)}; ids inside without a post: {each.absent}"),
        Text(),
        Text("Names", "bold"),
    ]
    parts += [
        indented(f"{moment(name.seen_from)} to {moment(name.seen_to)}  {visible(name.title, 60)}")
        for name in answer.names
    ]
    return Group(*parts)
