"""The verbs. Each brings archive, images, sources and rendering together for one thing a user wants."""
