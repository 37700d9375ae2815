"""Tables, the database and the settings. Imports nothing of ours above it."""
