"""Benchmarks: `python -m bench NAME`, peers beside ours in one run, one last line `NAME key=value …`."""
