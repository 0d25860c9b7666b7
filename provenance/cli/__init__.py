"""The command `provenance`: parses, calls a verb, prints. Everything heavy is imported by the command that needs it."""


def main() -> None:
    """Run the command line. Worker processes import this module with the script's, so it imports nothing itself."""
    from provenance.cli.main import main as run

    run()
