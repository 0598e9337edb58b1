"""Cookies: kept in memory for one client only, and sent to no host but the very one that gave them."""

from __future__ import annotations

import threading
from http.cookiejar import CookieJar

import httpx

# RFC 6265 §6.1: what a user agent should at least take of one host; no reader of news needs more.
MAX_COOKIES = 50
MAX_COOKIE = 4096
# Of all of a host's cookies together: beyond it servers refuse the request (nginx: large_client_header_buffers).
MAX_COOKIES_SIZE = 8192


class Cookies:
    """What hosts gave to be sent back. Thread-safe. Lengths are those of names and values in characters."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jars: dict[str, httpx.Cookies] = {}

    def take(self, host: str, response: httpx.Response) -> None:
        """Keep what `response` of `host` sets; beyond the limits the newest stay."""
        if "set-cookie" not in response.headers:
            return
        with self._lock:
            cookies = self._jars.setdefault(host, httpx.Cookies())
            cookies.extract_cookies(response)
            _trim(cookies.jar)

    def give(self, host: str, request: httpx.Request) -> None:
        """Put into `request` what its host may have back (path, Secure and expiry as RFC 6265 has them)."""
        with self._lock:
            if host in self._jars:
                self._jars[host].set_cookie_header(request)


def _trim(jar: CookieJar) -> None:
    count = size = 0
    for cookie in reversed(list(jar)):
        length = len(cookie.name) + len(cookie.value or "")
        fits = length <= MAX_COOKIE and size + length <= MAX_COOKIES_SIZE and count < MAX_COOKIES
        if fits:
            count, size = count + 1, size + length
        else:
            jar.clear(cookie.domain, cookie.path, cookie.name)
