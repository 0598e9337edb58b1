"""Text in, meetings out. No network, no database, no clock."""
