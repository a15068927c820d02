#!/usr/bin/env python3
"""A small sender: hands messages to a smarthost, and retries each every 30 minutes for 30 hours.

Usage: sender.py HOST:PORT FILE   FILE has an address on each line
"""

import heapq
import smtplib
import sys
import time
from email.message import EmailMessage

RETRY_SECONDS = 30 * 60
WINDOW_SECONDS = 30 * 3600
FROM = "news@sender.example"


def message_to(recipient):
    message = EmailMessage()
    message["From"] = FROM
    message["To"] = recipient
    message["Subject"] = "News"
    message.set_content("Hello")
    return message


def attempt(host, port, recipient):
    """Returns the code of the reply that decided; 0 when there was no connection, or it was lost."""
    try:
        with smtplib.SMTP(host, port, timeout=3600) as smtp:
            smtp.send_message(message_to(recipient), FROM, [recipient])
            return 250
    except smtplib.SMTPRecipientsRefused as error:
        return error.recipients[recipient][0]
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    except (OSError, smtplib.SMTPException):
        return 0


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    with open(sys.argv[2], encoding="utf-8") as file:
        recipients = file.read().split()
    start = time.time()
    queue = [(start, recipient) for recipient in recipients]
    heapq.heapify(queue)
    while queue:
        due, recipient = heapq.heappop(queue)
        time.sleep(max(0, due - time.time()))
        code = attempt(host, int(port), recipient)
        print(f"{(time.time() - start) / 60:7.1f} min  {recipient}  {code}", flush=True)
        if code == 250 or code >= 500:
            continue
        again = time.time() + RETRY_SECONDS
        if again < start + WINDOW_SECONDS:
            heapq.heappush(queue, (again, recipient))


main()
