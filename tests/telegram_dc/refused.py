"""The one exception of the test data centre: a request is answered with an RPC error."""


class Refused(Exception):
    """What the client is told instead of an answer."""

    def __init__(self, message: str, code: int = 400) -> None:
        super().__init__(f"{code} {message}")
        self.message = message
        self.code = code
