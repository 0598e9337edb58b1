"""The web archive: static pages of all issues, meetings, people and forums, with search and data (docs/site.md)."""
