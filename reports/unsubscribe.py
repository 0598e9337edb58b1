"""How a reader leaves the list: List-Unsubscribe (RFC 2369) and its one-click form (RFC 8058), without a word to us.

The address in a mail names its reader by a token, a keyed hash of the mail address (HMAC-SHA-256, RFC 2104): who sees
the link learns no address, and nobody without the key can make one for somebody else. Whoever keeps the list finds the
reader by making the token of each address on it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from reports.clean import safe_url

PLACE = "{token}"
# a header line has 998 bytes (RFC 5322 §2.1.1)
_URL_LIMIT = 900


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """The ways out that a list offers: an https address with `{token}` in it, a mail address, or both; empty: none."""

    url: str = ""
    secret: str = field(default="", repr=False)
    mailto: str = ""

    def headers(self, address: str) -> dict[str, str]:
        """The header fields of a message to `address`; one-click is promised for the https address alone."""
        own = token(address, self.secret)
        ways = [f"<{self.url.replace(PLACE, own)}>"] if self.url else []
        ways += [f"<mailto:{self.mailto}?subject=unsubscribe>"] if self.mailto else []
        fields = {"List-Unsubscribe": ", ".join(ways)} if ways else {}
        return fields | ({"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if self.url else {})


def token(address: str, secret: str) -> str:
    """32 hex digits that stand for a recipient's address, whatever its letters' case."""
    return hmac.new(secret.encode(), address.lower().encode(), hashlib.sha256).hexdigest()[:32]


def check_template(url: str) -> None:
    """Raises `ValueError`, which says what to give instead, unless a one-click address can be made of `url`."""
    filled = url.replace(PLACE, token("", ""))
    usable = safe_url(filled) == filled and len(filled) <= _URL_LIMIT and not any(c in filled for c in "#,;")
    host, _, path = url.removeprefix("https://").partition("/")
    if not (usable and url.startswith("https://") and PLACE not in host and path.count(PLACE) == 1):
        raise ValueError(f"give an https address with {PLACE} once in it, such as https://example.org/leave?t={PLACE}")
