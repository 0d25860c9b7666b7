"""Provenance: who posted this picture first on Telegram, how do we know, and how sure are we?"""

__version__ = "0.1.0"
