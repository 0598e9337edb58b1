"""The digest as a mail (RFC 5322): one message for each recipient, the same bytes whenever it is built again.

multipart/alternative             RFC 2046 §5.1.4: the plainest first
  text/plain                      the Markdown
  multipart/related               RFC 2387: the page and what it shows
    text/html
    image/png                     the chart, named by its Content-ID (RFC 2392)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from typing import Any, ClassVar, Literal

from reports.clean import one_line
from reports.recipients import Recipient, check_address
from reports.render import Forms, with_chart

_LIST = "china-vietnam-meetings"
CHART_NAME = "chart.png"


class _Verbatim(BaseHeader):
    """A header field of addresses or ids in angle brackets, sent as it is, its lines broken between two of them.

    Of a word too long for one line the standard library would make encoded words, which cannot stand here
    (RFC 2047 §5).
    """

    max_count: ClassVar[Literal[1] | None] = 1

    @staticmethod
    def parse(value: str, kwds: dict[str, Any]) -> None:
        """Takes the value as it is (`email.headerregistry`)."""
        if not (value.isascii() and value.isprintable()):
            raise ValueError("an address in a header is ASCII on one line")
        kwds["parse_tree"], kwds["decoded"] = None, value

    def fold(self, *, policy: Policy) -> str:
        """The field as it is sent."""
        return f"{self.name}: {str(self).replace(', <', f',{policy.linesep} <')}{policy.linesep}"


_HEADERS = HeaderRegistry()
for _name in ("message-id", "content-id", "list-id", "list-unsubscribe"):
    _HEADERS.map_to_type(_name, _Verbatim)
# 7bit: bodies go as quoted-printable or base64, so that no server needs 8BITMIME
_POLICY = SMTP.clone(cte_type="7bit", header_factory=_HEADERS)


def parse_sender(sender: str) -> Address:
    """`Meetings <meetings@example.org>` or a bare address; `InputError` when it is neither."""
    name, address = parseaddr(sender) if "\n" not in sender and "\r" not in sender else ("", "")
    checked = check_address(address or sender, where="The sender")
    return Address(display_name=one_line(name), addr_spec=checked)


def message_id(week: str, zone: str, recipient: str, domain: str, occasion: str = "") -> str:
    """The Message-ID of an issue to a recipient, in upper or lower case: always the same, and it hides the address.

    `domain` is the sender's. A repeated send under the same id is one that some mailboxes show once (design §6.3).
    `occasion` sets a mail apart that is none of the issue's own, such as a test.
    """
    told = "\n".join(filter(None, (week, zone, recipient.lower(), occasion)))
    return f"<{week}.{hashlib.sha256(told.encode()).hexdigest()[:32]}@{domain}>"


def build_message(
    forms: Forms,
    *,
    subject: str,
    sender: str,
    recipient: Recipient,
    date: datetime,
    message_id: str,
    chart: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> EmailMessage:
    """The message to one recipient, with `headers` beside the usual ones; `chart` is the PNG that the HTML shows.

    `date` is the Date header's moment (aware); for the same bytes at a re-send give the one of the first time.
    """
    author = parse_sender(sender)
    message = _headed(subject, author, recipient, date, message_id)
    message["List-Id"] = f"China-Viet Nam Meetings <{_LIST}.{author.domain}>"
    for name, value in (headers or {}).items():
        message[name] = value
    # RFC 3834 §5: no vacation notice answers it; Precedence, which no standard defines, is not needed beside it
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(forms.markdown, charset="utf-8")
    if chart is None:
        message.add_alternative(forms.html, subtype="html", charset="utf-8")
    else:
        _add_page(message, forms.html, chart)
    # drawn boundaries would make every build differ; "=_" cannot stand in quoted-printable or base64 (RFC 2045 §6.7)
    for part in message.walk():
        if part.is_multipart():
            kind = f"{message_id}\n{part.get_content_subtype()}"
            part.set_boundary("=_" + hashlib.sha256(kind.encode()).hexdigest()[:32])
    return message


def build_notice(text: str, *, subject: str, sender: str, recipient: Recipient, date: datetime) -> EmailMessage:
    """A message of plain words from the program itself, to its operator; `date` is aware."""
    author = parse_sender(sender)
    id_ = message_id("notice", "", recipient.address, author.domain, date.isoformat())
    message = _headed(subject, author, recipient, date, id_)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, charset="utf-8")
    return message


def _headed(subject: str, author: Address, recipient: Recipient, date: datetime, id_: str) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message["From"] = author
    message["To"] = Address(display_name=recipient.name, addr_spec=recipient.address)
    message["Subject"] = subject
    message["Date"] = format_datetime(date)
    message["Message-ID"] = id_
    return message


def _add_page(message: EmailMessage, html: str, chart: bytes) -> None:
    """Adds the page with the picture that it shows; the picture's name is made of its bytes and so its alone."""
    name = f"chart.{hashlib.sha256(chart).hexdigest()[:32]}@{_LIST}"
    message.add_alternative(with_chart(html, f"cid:{name}"), subtype="html", charset="utf-8")
    *_, page = message.iter_parts()
    page.add_related(chart, "image", "png", cid=f"<{name}>", disposition="inline", filename=CHART_NAME)
