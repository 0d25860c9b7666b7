"""Exports as files: what is found, what is read in which order, and how damage ends."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provenance.core.model import Channel, Missing, PeerKind, Post
from provenance.errors import DamagedExport, HtmlExport, NotAnExport, SourceError
from provenance.sources.desktop import Item, find, read
from tests.stories import message, service, write_export

AT = datetime(2024, 12, 24, 20, 15, tzinfo=UTC)
HEAD = '{"name": "Chan", "type": "public_channel", "id": 5, "messages": ['


def minutes(number: int) -> datetime:
    return AT + timedelta(minutes=number)


def export(folder: Path, messages: list[dict[str, object]], kind: str = "public_channel") -> Path:
    return write_export(folder, channel_id=5, name="Chan", messages=messages, kind=kind)


def raw(folder: Path, data: str | bytes) -> Path:
    path = folder / "result.json"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def around(one_message: str) -> str:
    """An export with the message given between two good ones."""
    return f'{HEAD}{{"id": 1, "text": "a"}}, {one_message}, {{"id": 9, "text": "z"}}]}}'


def read_on(path: Path) -> tuple[list[Item], SourceError | None]:
    """What is read before the error, and the error."""
    items: list[Item] = []
    try:
        for item in read(path):
            items.append(item)
    except SourceError as error:
        return items, error
    return items, None


def posts(items: Sequence[Item]) -> list[Post]:
    return [item.post for item in items if item.post is not None]


def ids(items: Sequence[Item]) -> list[int]:
    return [post.message_id for post in posts(items)]


def test_one_chat(tmp_path: Path) -> None:
    built = [service(1, AT, "create_channel"), message(2, minutes(1), text="Hi"), message(4, minutes(2))]
    items, error = read_on(export(tmp_path, built))
    assert error is None
    channel = Channel(PeerKind.CHANNEL, 5, "Chan")
    assert items[0] == Item(channel)
    assert {item.channel for item in items} == {channel}
    assert [(post.message_id, post.text, post.service) for post in posts(items)] == [
        (1, "", "create_channel"),
        (2, "Hi", None),
        (4, "", None),
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("public_channel", PeerKind.CHANNEL),
        ("private_channel", PeerKind.CHANNEL),
        ("public_supergroup", PeerKind.CHANNEL),
        ("private_supergroup", PeerKind.CHANNEL),
        ("private_group", PeerKind.GROUP),
        ("personal_chat", PeerKind.USER),
        ("bot_chat", PeerKind.USER),
        ("saved_messages", PeerKind.USER),
        ("something_new", PeerKind.CHANNEL),
    ],
)
def test_kinds_of_chats(tmp_path: Path, kind: str, expected: PeerKind) -> None:
    (header,) = read(export(tmp_path, [], kind))
    assert header.channel.kind is expected


@pytest.mark.parametrize(
    ("name", "kind", "title"),
    [
        ('"<b>\\u202e=1+1\\n🔥"', "public_channel", "<b>\u202e=1+1\n🔥"),
        ("null", "public_channel", "unnamed 5"),
        ('""', "public_channel", "unnamed 5"),
        ("7", "public_channel", "unnamed 5"),
        ("null", "saved_messages", "Saved Messages"),
    ],
)
def test_titles(tmp_path: Path, name: str, kind: str, title: str) -> None:
    (header,) = read(raw(tmp_path, f'{{"name": {name}, "type": "{kind}", "id": 5, "messages": []}}'))
    assert header.channel.title == title


def test_a_chat_without_a_name_key_has_a_title(tmp_path: Path) -> None:
    (header,) = read(raw(tmp_path, '{"type": "saved_messages", "id": 5, "messages": []}'))
    assert header.channel.title == "Saved Messages"


def account(*, left: bool = True) -> dict[str, object]:
    def chat(number: int, *messages: dict[str, object]) -> dict[str, object]:
        return {"name": f"Chat {number}", "type": "private_supergroup", "id": number, "messages": list(messages)}

    built: dict[str, object] = {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 77, "name": "Me", "id": 99},
        "profile_pictures": [{"date": "2020-01-01T00:00:00", "photo": "a.jpg"}],
        "contacts": {"about": "x", "list": [{"user_id": 1, "name": "A"}]},
        "chats": {"about": "y", "list": [chat(11, message(1, AT), message(2, minutes(1))), chat(12)]},
    }
    if left:
        built["left_chats"] = {"about": "z", "list": [chat(13, message(1, AT, text="left"))]}
    return {**built, "sessions": {"list": [{"id": 3, "messages": []}]}}


def test_a_whole_account(tmp_path: Path) -> None:
    items, error = read_on(raw(tmp_path, json.dumps(account())))
    assert error is None
    assert [(item.channel.id, item.channel.title, item.post and item.post.message_id) for item in items] == [
        (11, "Chat 11", None),
        (11, "Chat 11", 1),
        (11, "Chat 11", 2),
        (12, "Chat 12", None),
        (13, "Chat 13", None),
        (13, "Chat 13", 1),
    ]


def test_find_takes_the_folder_or_the_file(tmp_path: Path) -> None:
    path = export(tmp_path / "ChatExport", [])
    assert find(tmp_path / "ChatExport") == path
    assert find(path) == path
    renamed = path.rename(path.with_name("older.json"))
    assert find(renamed) == renamed


@pytest.mark.parametrize("name", ["messages.html", "messages2.html", "export_results.html"])
def test_pages_alone_are_refused_with_advice(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("<html></html>")
    for path in (tmp_path, tmp_path / name):
        with pytest.raises(HtmlExport, match="JSON"):
            find(path)


def test_pages_beside_a_result_do_not_matter(tmp_path: Path) -> None:
    path = export(tmp_path, [])
    (tmp_path / "messages.html").write_text("<html></html>")
    assert find(tmp_path) == path


@pytest.mark.parametrize("name", ["gone", ".", "a\0b", "x" * 300])
def test_what_is_not_there_is_no_export(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotAnExport):
        find(tmp_path / name)


@pytest.mark.parametrize(
    "data",
    [
        b"", b" \n", b"\xef\xbb\xbf", b"5", b"null", b'"messages"', b"[]", b"{}", b'{"a": 1}', b"<html></html>",
        bytes(range(256)), bytes(5000), b"\xff\xd8\xff\xe0JFIF", b"PK\x03\x04", b"{", b'{"messages"',
        b'[{"name": "N", "id": 5, "messages": [{"id": 1}]}]',
        b'{"name": "N", "id": 5, "messages": {"id": 1}}',
        b'{"name": "N", "id": 5, "messages": null}',
        b'{"name": "N", "id": 5, "messages": "none"}',
        b'{"name": "N", "messages": [{"id": 1}]}',
        b'{"name": "N", "id": "5", "messages": [{"id": 1}]}',
        b'{"chats": {"list": []}}',
        b'{"chats": [{"id": 5, "messages": []}]}',
        b'{"x": {"id": 5, "messages": [{"id": 1}]}}',
        '{"name": "Привет", "id": 5, "messages": []}'.encode("cp1251"),
        '{"name": "N", "id": 5, "messages": []}'.encode("utf-16-be"),
    ],
)  # fmt: skip
def test_what_is_no_export_is_refused_in_one_line(tmp_path: Path, data: bytes) -> None:
    items, error = read_on(raw(tmp_path, data))
    assert items == []
    assert isinstance(error, NotAnExport)
    assert str(error).isprintable()
    assert "\\n" not in str(error)


def test_a_folder_in_place_of_the_file_is_no_export(tmp_path: Path) -> None:
    assert isinstance(read_on(tmp_path)[1], NotAnExport)
    assert isinstance(read_on(tmp_path / "gone.json")[1], NotAnExport)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = export(tmp_path, [message(1, AT, text="Привет")])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    items, error = read_on(path)
    assert error is None
    assert posts(items)[0].text == "Привет"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_unicode_encodings_are_refused_by_name(tmp_path: Path, encoding: str) -> None:
    path = export(tmp_path, [message(1, AT)])
    mark = "" if encoding in {"utf-16", "utf-32"} else "\ufeff"
    path.write_bytes((mark + path.read_text(encoding="utf-8")).encode(encoding))
    items, error = read_on(path)
    assert items == []
    assert error is not None
    assert "UTF-16" in str(error) or "UTF-32" in str(error)
    # Nothing was read before it, so nothing is promised of what was.
    assert "Every whole post" not in str(error)


def test_a_wrong_encoding_is_damage_at_its_place(tmp_path: Path) -> None:
    built = [message(1, AT, text="plain"), message(2, minutes(1), text="Привет"), message(3, minutes(2))]
    path = export(tmp_path, built)
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1251"))
    items, error = read_on(path)
    assert ids(items) == [1]
    assert isinstance(error, DamagedExport)
    assert "after message 1" in str(error)
    assert str(error).isprintable()
    assert "\\n" not in str(error)


def test_wherever_it_is_cut_off_the_posts_before_are_read(tmp_path: Path) -> None:
    photo = {"photo": "photos/a.jpg"}
    built = [
        service(1, AT, "create_channel", title="Ч"),
        message(2, minutes(1), text='Слово \\ " \n 🔥'),
        message(3, minutes(2), **photo),
        message(4, minutes(2), text=["a", {"type": "bold", "text": "b"}], **photo),
        message(6, minutes(3)),
    ]
    whole = export(tmp_path, built).read_bytes()
    expected, error = read_on(raw(tmp_path, whole))
    assert error is None
    lengths = set()
    for cut in range(len(whole)):
        items, error = read_on(raw(tmp_path, whole[:cut]))
        got = posts(items)
        lengths.add(len(got))
        # Only whether the last one has a neighbour in an album may depend on what is behind the cut.
        assert [post.raw for post in got] == [post.raw for post in posts(expected)[: len(got)]]
        assert got[:-1] == posts(expected)[: len(got)][:-1] or len(got) == 4
        assert isinstance(error, (DamagedExport if items else NotAnExport))
        assert str(error).isprintable()
    assert lengths == {0, 1, 2, 3, 4, 5}


def test_a_cut_account_keeps_the_chats_before(tmp_path: Path) -> None:
    whole = json.dumps(account()).encode()
    expected, _ = read_on(raw(tmp_path, whole))
    for cut in range(len(whole)):
        items, error = read_on(raw(tmp_path, whole[:cut]))
        assert items == expected[: len(items)]
        assert isinstance(error, (DamagedExport if items else NotAnExport))


@pytest.mark.parametrize("tail", ["garbage", "{}", "]", "\0"])
def test_what_follows_the_end_is_damage_after_all_posts(tmp_path: Path, tail: str) -> None:
    path = export(tmp_path, [message(1, AT), message(2, minutes(1))])
    path.write_text(path.read_text(encoding="utf-8") + tail, encoding="utf-8")
    items, error = read_on(path)
    assert ids(items) == [1, 2]
    assert isinstance(error, DamagedExport)


@pytest.mark.parametrize(
    "wrong",
    [
        "5", "null", '"x"', "[1, [2, {}]]", "{}", '{"id": null}', '{"id": 3, "text": 5}', '{"id": "x"}',
        '{"id": 3, "date_unixtime": "soon"}', '{"id": 3, "photo": []}', '{"id": 123456789012345678901234567890}',
        '{"id": 9223372036854775808}', '{"id": 3, "x": ' + "[" * 2000 + "]" * 2000 + "}",
    ],
)  # fmt: skip
def test_a_wrong_message_is_a_problem_and_the_rest_goes_on(tmp_path: Path, wrong: str) -> None:
    items, error = read_on(raw(tmp_path, around(wrong)))
    assert error is None
    assert ids(items) == [1, 9]
    (problem,) = [item.problem for item in items if item.problem is not None]
    assert "result.json" in problem.where
    assert "Chan" in problem.where
    assert problem.what


@pytest.mark.parametrize(
    ("odd", "text"),
    [
        ('{"id": 3, "text": "t", "views": 123456789012345678901234567890}', "t"),
        ('{"id": 3, "text": "t", "amount": 1e999}', "t"),
        ('{"id": 3, "text": "t", "amount": 12.5}', "t"),
        ('{"id": 3, "text": "t", "new": {"": {"messages": [{"id": 1}], "item": []}}}', "t"),
        ('{"id": 3, "text": "a\\u0000b"}', "a\0b"),
        ('{"id": 3, "text": "\\ud83d\\udd25"}', "🔥"),
        ('{"id": 3, "text": "a\\ud800b"}', None),
        ('{"id": 3, "text": "a\\udc00b"}', None),
        # Telegram Desktop itself writes control characters so (SerializeString in export_output_json.cpp).
        ('{"id": 3, "text": "a\\x1Fb"}', None),
        ('{"id": 3, "text": "t", "x": ' + "[" * 300 + "]" * 300 + "}", "t"),
    ],
)
def test_an_odd_message_is_read_and_the_rest_goes_on(tmp_path: Path, odd: str, text: str | None) -> None:
    items, error = read_on(raw(tmp_path, around(odd)))
    assert error is None
    assert ids(items) == [1, 3, 9]
    found = posts(items)[1]
    assert found.text == text if text is not None else found.text[0] + found.text[-1] == "ab"
    assert found.raw.isascii()
    json.loads(found.raw)


def test_large_numbers_outside_the_messages_do_no_harm(tmp_path: Path) -> None:
    items, error = read_on(raw(tmp_path, '{"x": 123456789012345678901234567890, ' + around('{"id": 3}')[1:]))
    assert error is None
    assert ids(items) == [1, 3, 9]


@pytest.mark.parametrize(
    ("parts", "albums"),
    [
        ([(1, 0), (2, 0)], [1, 1]),
        ([(1, 0), (2, 0), (3, 0)], [1, 1, 1]),
        ([(1, 0)], [None]),
        ([(1, 0), (2, 1)], [None, None]),
        ([(1, 0), (3, 0)], [None, None]),
        ([(1, 0), (2, 0), (4, 0), (5, 0)], [1, 1, 4, 4]),
        ([(1, 0), (2, 1), (3, 1), (4, 2)], [None, 2, 2, None]),
    ],
)
def test_albums_are_inferred(tmp_path: Path, parts: list[tuple[int, int]], albums: list[int | None]) -> None:
    built = [message(number, AT + timedelta(seconds=second), photo="gone.jpg") for number, second in parts]
    items, _ = read_on(export(tmp_path, built))
    assert ids(items) == [number for number, _ in parts]
    assert [post.album for post in posts(items)] == albums
    assert [post.album_inferred for post in posts(items)] == [album is not None for album in albums]


def test_no_album_has_more_than_ten_parts(tmp_path: Path) -> None:
    # Telegram's own limit; without one, a long run of one second would have to be held in memory whole.
    built = [message(number, AT, photo="gone.jpg") for number in range(1, 26)]
    items, _ = read_on(export(tmp_path, built))
    sizes = Counter(post.album for post in posts(items))
    assert sum(sizes.values()) == 25
    assert max(sizes.values()) == 10


def test_a_text_of_the_same_second_is_no_part_of_an_album(tmp_path: Path) -> None:
    built = [message(1, AT, text="Look:"), message(2, AT, photo="a.jpg"), message(3, AT, text="!")]
    items, _ = read_on(export(tmp_path, built))
    assert [post.album for post in posts(items)] == [None, None, None]


def test_files_that_lead_elsewhere_are_not_taken(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.jpg").write_bytes(b"secret")
    (folder / "photos").mkdir(parents=True)
    (folder / "photos" / "good.jpg").write_bytes(b"x")
    (folder / "link.jpg").symlink_to(tmp_path / "outside" / "a.jpg")
    (folder / "linked").symlink_to(tmp_path / "outside")
    os.mkfifo(folder / "pipe.jpg")
    expected = {
        "photos/good.jpg": None,
        "(File not included. Change data exporting settings to download.)": Missing.NOT_INCLUDED,
        "photos/gone.jpg": Missing.NOT_FOUND,
        "../outside/a.jpg": Missing.OUTSIDE_EXPORT,
        str(tmp_path / "outside" / "a.jpg"): Missing.OUTSIDE_EXPORT,
        "link.jpg": Missing.OUTSIDE_EXPORT,
        "linked/a.jpg": Missing.OUTSIDE_EXPORT,
        "pipe.jpg": Missing.NOT_A_FILE,
        "photos": Missing.NOT_A_FILE,
    }
    built = [message(number, minutes(number), photo=named) for number, named in enumerate(expected)]
    items, error = read_on(export(folder, built))
    assert error is None
    assert [post.attachments[0].missing for post in posts(items)] == list(expected.values())
    assert [post.attachments[0].path is None for post in posts(items)] == [False] + [True] * 8


_READER = """
import sys
from pathlib import Path
from provenance.sources.desktop import read

count = sum(item.post is not None for item in read(Path(sys.argv[1])))
# Not ru_maxrss: a child starts with the peak of the process that it was forked from.
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(count, int(status["VmHWM"].split()[0]))
"""


def test_a_large_export_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    built = json.dumps(
        message(0, AT, text=["Слово " * 1500, {"type": "bold", "text": "b"}], photo="gone.jpg"), ensure_ascii=False
    )
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEAD)
        for number in range(1, 2001):
            stream.write(built.replace('"id": 0', f'"id": {2 * number}', 1) + ",\n")
        stream.write('{"id": 5000}]}')
    assert path.stat().st_size > 60e6
    answer = subprocess.run(
        [sys.executable, "-c", _READER, str(path)], capture_output=True, text=True, check=True, timeout=120
    )
    count, peak_kib = map(int, answer.stdout.split())
    assert count == 2001
    assert peak_kib < 150 * 1024
