"""The reasoning, pure: no clock, no disk, no network, no log, no SQL."""
