"""Posts straight from Telegram."""
