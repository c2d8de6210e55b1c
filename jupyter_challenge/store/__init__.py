"""State that outlives a process: rows in a database, content in an object store."""
