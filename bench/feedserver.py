"""A local server of many feeds on many addresses, each answer after a fixed wait; 304 when the validator matches.

Runs as a process of its own (`python -m bench.feedserver FEEDS ITEMS LATENCY`), prints its port, ends when stdin does.
Feed N, from 1, lives at http://ADDRESS:PORT/feed.xml, ADDRESS by `address(N)`. Its entries concern neither China nor
Viet Nam.
"""

from __future__ import annotations

import asyncio
import random
import resource
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

WORDS = [
    "budget",
    "harbour",
    "council",
    "museum",
    "rainfall",
    "orchard",
    "bridge",
    "festival",
    "library",
    "market",
    "tram",
    "garden",
    "choir",
    "ferry",
]
NEWEST = datetime(2026, 11, 20, 12, tzinfo=UTC)


def address(number: int) -> str:
    """The loopback address of a feed of its own."""
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


def feed(number: int, items: int) -> bytes:
    """An RSS document of made-up town news, the same for the same number."""
    pick = random.Random(number)
    parts = [f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Town {number}</title>']
    for n in range(items):
        title = " ".join(pick.choices(WORDS, k=7)).capitalize()
        teaser = " ".join(pick.choices(WORDS, k=40)).capitalize()
        when = format_datetime(NEWEST - timedelta(hours=n))
        link = f"http://{address(number)}/{number}/{n}.html"
        parts.append(
            f"<item><title>{title}</title><link>{link}</link><guid>{link}</guid>"
            f"<pubDate>{when}</pubDate><description>&lt;p&gt;{teaser}.&lt;/p&gt;</description></item>"
        )
    parts.append("</channel></rss>")
    return "".join(parts).encode()


async def serve(feeds: int, items: int, latency: float) -> None:
    """Answer until stdin closes."""
    bodies = {address(number): feed(number, items) for number in range(1, feeds + 1)}
    _, most_open = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_open, most_open))

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                host = writer.get_extra_info("sockname")[0]
                tag = f'"{host}"'.encode()
                await asyncio.sleep(latency)
                if b"if-none-match: " + tag in head.lower():
                    writer.write(b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\n\r\n")
                else:
                    body = bodies[host]
                    length = str(len(body)).encode()
                    writer.write(
                        b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\nETag: "
                        + tag
                        + b"\r\nContent-Length: "
                        + length
                        + b"\r\n\r\n"
                        + body
                    )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    first = await asyncio.start_server(client, address(1), 0, backlog=512)
    port = first.sockets[0].getsockname()[1]
    rest = [await asyncio.start_server(client, host, port, backlog=512) for host in bodies if host != address(1)]
    print(port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for server in (first, *rest):
        server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
