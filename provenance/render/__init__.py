"""Answers and reports as JSON, CSV, HTML and text for terminals. Everything that others wrote is escaped here."""
