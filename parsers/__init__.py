"""Bytes in, records out. No network, no database, no clock."""
