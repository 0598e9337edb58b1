"""The digest as a mail (RFC 5322): one message for each recipient, the same bytes whenever it is built again."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from reports.clean import one_line
from reports.recipients import Recipient, check_address
from reports.render import Forms

# 7bit: bodies go as quoted-printable or base64, so that no server needs 8BITMIME
_POLICY = SMTP.clone(cte_type="7bit")
_LIST = "china-vietnam-meetings"


def parse_sender(sender: str) -> Address:
    """`Meetings <meetings@example.org>` or a bare address; `InputError` when it is neither."""
    name, address = parseaddr(sender) if "\n" not in sender and "\r" not in sender else ("", "")
    checked = check_address(address or sender, where="The sender")
    return Address(display_name=one_line(name), addr_spec=checked)


def message_id(week: str, zone: str, recipient: str, domain: str) -> str:
    """The Message-ID of an issue to a recipient: always the same, and it does not give the address away.

    `domain` is the sender's. A repeated send under the same id is one that some mailboxes show once (design §6.3).
    """
    digest = hashlib.sha256(f"{week}\n{zone}\n{recipient}".encode()).hexdigest()[:32]
    return f"<{week}.{digest}@{domain}>"


def build_message(
    forms: Forms, *, subject: str, sender: str, recipient: Recipient, date: datetime, message_id: str
) -> EmailMessage:
    """The message to one recipient: plain text first, then HTML, as RFC 2046 §5.1.4 orders alternatives.

    `date` is the Date header's moment (aware); for the same bytes at a re-send give the one of the first time.
    """
    author = parse_sender(sender)
    message = EmailMessage(policy=_POLICY)
    message["From"] = author
    message["To"] = Address(display_name=recipient.name, addr_spec=recipient.address)
    message["Subject"] = subject
    message["Date"] = format_datetime(date)
    message["Message-ID"] = message_id
    message["List-Id"] = f"China-Viet Nam Meetings <{_LIST}.{author.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(forms.markdown, charset="utf-8")
    message.add_alternative(forms.html, subtype="html", charset="utf-8")
    # a drawn boundary would make every build differ; "=_" cannot stand in quoted-printable or base64 (RFC 2045 §6.7)
    message.set_boundary("=_" + hashlib.sha256(message_id.encode()).hexdigest()[:32])
    return message
