"""Joins the rooms: settings, steps, command line, and the Prefect flows that say when."""
