"""Bytes in, facts out. Knows no archive and no Telegram; opens untrusted bytes in limited processes only."""
