"""How sentences count."""


def counted(count: int, one: str, more: str | None = None) -> str:
    """So many of something: "1 post", "2 posts"; `more` is the plural where an s does not make it."""
    return f"{count} {one if count == 1 else more or f'{one}s'}"
