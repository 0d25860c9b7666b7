"""The types of what a file tells."""

from datetime import UTC, datetime, timedelta

from provenance.core.metadata import Block, Moment


def test_a_moment_is_one_only_where_its_zone_is_known() -> None:
    local = datetime(2024, 12, 25, 8, 30)  # noqa: DTZ001 - as a file tells it
    assert Moment(local, None, Block.EXIF, "DateTimeOriginal").utc is None
    east = Moment(local, timedelta(hours=5, minutes=30), Block.EXIF, "DateTimeOriginal")
    assert east.utc == datetime(2024, 12, 25, 3, 0, tzinfo=UTC)


def test_blocks_are_called_as_people_call_them() -> None:
    assert [Block.EXIF.words, Block.MAKER_NOTE.words, Block.CONTAINER.words] == ["EXIF", "maker note", "file structure"]
    assert all("_" not in each.words for each in Block)
