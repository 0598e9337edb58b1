"""What is due, how politely, and the one HTTP client."""
