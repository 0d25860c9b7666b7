from provenance.archive.unresolved import files_of_posts, unresolve
from tests.archive.conftest import Desk, arrived
from tests.core.build import hour


def test_a_file_is_in_the_queue_once(desk: Desk) -> None:
    desk.add(arrived(1, b"a", b"b", b"c"))
    desk.chain(1, [1, 2, 3])
    with desk.archive.write() as connection:
        unresolve(connection, [])
        unresolve(connection, [2, 3, 2])
        unresolve(connection, iter([3]))
    assert desk.unresolved() == {2, 3}


def test_what_is_marked_in_a_transaction_that_fails_is_not_marked(desk: Desk) -> None:
    desk.add(arrived(1, b"a"))
    desk.chain(1, [1])
    with desk.archive.write() as connection:
        unresolve(connection, [1])
        connection.rollback()
    assert desk.unresolved() == set()


def test_the_files_of_posts_are_those_of_all_their_versions(desk: Desk) -> None:
    desk.add(arrived(1, b"a", None), arrived(2, b"b"), arrived(3, b"c"), arrived(4))
    desk.add(arrived(1, b"d", edited_at=hour(1)))
    with desk.archive.read() as connection:
        assert files_of_posts(connection, [1]) == {1, 4}
        assert files_of_posts(connection, [1, 3, 4, 99]) == {1, 3, 4}
        assert files_of_posts(connection, [4]) == set()
        assert files_of_posts(connection, []) == set()
