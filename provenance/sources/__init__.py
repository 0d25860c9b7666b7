"""Where posts come from. Each source yields `core.model.Post`; none knows the archive."""
