"""Posts that the archive lacks: whom a forward header credits, and what headers and upload times prove of them.

`earlier` are the archived posts of the picture before the one that is asked about, in time order.
"""

from collections.abc import Sequence
from datetime import datetime

from provenance.core.model import Sighting, Unarchived
from provenance.core.times import SWAP_SLACK, UPLOAD_SLACK, Basis, dated, duration, order, uploaded_early


def credited(target: Sighting, earlier: Sequence[Sighting]) -> Sighting | None:
    """The earlier sighting that the forward header credits; by id where it has one, else by a name that is unique."""
    header = target.credit
    if header is None:
        return None
    if header.peer_id is not None:
        posts = [each for each in earlier if each.channel.key == (header.kind, header.peer_id)]
    else:
        posts = [each for each in earlier if header.name in each.channel.names | {each.channel.title}]
        if len({each.channel.key for each in posts}) > 1:
            return None
    exact = [each for each in posts if each.message_id == header.message_id]
    if header.message_id is not None:
        return next(iter(exact), None)
    same_bytes = [each for each in posts if each.file.id == target.file.id]
    return next(iter(same_bytes or posts), None)


def named(target: Sighting, earlier: Sequence[Sighting]) -> Unarchived | None:
    """The post that a forward header names with its time, where the archive has not seen the picture in it."""
    header = target.credit
    if header is None or header.at is None or credited(target, earlier):
        return None
    if target.uploaded_at is not None and target.uploaded_at > header.at + SWAP_SLACK:
        # An edit put it into the named post: there too it counts from its upload.
        return Unarchived(min(target.uploaded_at, dated(target).at), target, header)
    return Unarchived(header.at, target, header)


def proven_before(first: datetime | None, posts: Sequence[Sighting]) -> tuple[Unarchived, ...]:
    """What the posts' headers and upload times prove to be earlier than the first time that is vouched for."""
    headers = [each for i, post in enumerate(posts) if (each := named(post, posts[:i]))]
    proven = [each for each in headers if first is None or each.at < first]
    early = min((first, *(each.at for each in proven))) if first else None
    # A copy of a scheduled post shows the same media, with the same upload time: nobody saw it until it was posted.
    waited = {post.media_id for post in posts if post.scheduled}
    proven += [
        Unarchived(post.uploaded_at, post)
        for post in posts
        if post.uploaded_at is not None
        and post.media_id not in waited
        and uploaded_early(post)
        and (early is None or post.uploaded_at < early - UPLOAD_SLACK)
    ]
    unique: dict[str, Unarchived] = {}
    for each in sorted(proven, key=lambda each: (each.at, each.ref, order(each.proof))):
        unique.setdefault(each.ref, each)
    return tuple(unique.values())


def basis(post: Unarchived) -> Basis:
    """Whose word the time of a post is that is not archived."""
    by_header = post.header is not None and post.at == post.header.at
    return Basis.FORWARD_HEADER if by_header else Basis.UPLOADED


def proof_words(post: Unarchived) -> str:
    """Say in words what proves a post that is not archived."""
    proof = f"{post.proof.ref} in «{post.proof.channel.title}»"
    if post.header is None:
        return (
            f"Telegram's upload time of the image in {proof}, {duration(dated(post.proof).at - post.at)} before that "
            "post: it was posted elsewhere by then, which is not archived, or waited to be posted."
        )
    if basis(post) is Basis.FORWARD_HEADER:
        return f"This post is not archived: the forward header of {proof} names it and its time."
    return (
        f"This post is not archived: the forward header of {proof} names it. Its image was uploaded to Telegram "
        "after its time, swapped in by an edit: it counts from the upload."
    )


def undated_credit(sighting: Sighting) -> str | None:
    """The warning where a header credits a post without its time. With one, the post is told of in the chain itself."""
    if sighting.credit is None or sighting.credit.at is not None:
        return None
    return (
        f"{sighting.ref} in «{sighting.channel.title}» is a forward from «{sighting.credit.label}»; "
        "that earlier post is not archived, so the picture was there before."
    )
