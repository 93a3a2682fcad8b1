"""The only impure room of `core`: what is remembered, in SQLite or PostgreSQL. No clear identifier ever enters it."""
