"""Which meetings belong into an issue, and how the issue is written and sent."""
