"""Collecting from Telegram: which channels, their history, what they push, their files, and the daemon over it all."""
