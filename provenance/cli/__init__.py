"""The command `provenance`: parses, calls a verb, prints. Everything heavy is imported by the command that needs it."""

from provenance.cli.main import main

__all__ = ["main"]
