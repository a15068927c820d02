# Reads messages as Python's email package does under its strict policy, which raises an error for every defect,
# and holds their bytes against RFC 5322. Gets a JSON list of messages in base64; writes one object for each.

import base64
import json
import re
import sys
from email import policy
from email.parser import BytesParser

# RFC 5322, 3.6: fields that must, and fields that may occur once.
ONCE = ['date', 'from', 'message-id']
AT_MOST_ONCE = ['sender', 'reply-to', 'to', 'cc', 'bcc', 'in-reply-to', 'references', 'subject',
                'mime-version', 'content-type', 'content-transfer-encoding', 'list-unsubscribe',
                'list-unsubscribe-post']
MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
                        r"@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*>")


def faults_of_bytes(raw):
    if re.search(rb'(?<!\r)\n|\r(?!\n)', raw):
        yield 'a bare CR or LF'
    for line in raw.split(b'\r\n'):
        if len(line) > 998:
            yield 'a line of %d octets' % len(line)
    head, _, body = raw.partition(b'\r\n\r\n')
    if not head.isascii():
        yield 'a header that is not ASCII'
    for line in head.split(b'\r\n'):
        if line.strip() == b'':
            yield 'a header line of white space alone'
    if re.search(rb'[\x00\x80-\xff]', body):
        yield 'a body that is not 7bit'


def faults_of_fields(message):
    for name in ONCE:
        if len(message.get_all(name, [])) != 1:
            yield '%d fields %s' % (len(message.get_all(name, [])), name)
    for name in AT_MOST_ONCE:
        if len(message.get_all(name, [])) > 1:
            yield '%d fields %s' % (len(message.get_all(name)), name)
    for name, value in message.items():
        for defect in getattr(value, 'defects', []):
            yield '%s: %s' % (name, defect)
    if not MESSAGE_ID.fullmatch(str(message['message-id']).strip()):
        yield 'Message-ID %s' % message['message-id']
    if message['date'].datetime is None:
        yield 'Date %s' % message['date']


def read(raw):
    try:
        message = BytesParser(policy=policy.strict).parsebytes(raw)
        sender, = message['from'].addresses
        recipient, = message['to'].addresses
        return {
            'faults': [*faults_of_bytes(raw), *faults_of_fields(message)],
            'from': [sender.display_name, sender.addr_spec],
            'to': recipient.addr_spec,
            'subject': str(message['subject'] or ''),
            'messageId': str(message['message-id']).strip(),
            'text': message.get_content(),
            'fields': [name.lower() for name in message.keys()],
        }
    except Exception as error:
        return {'faults': ['%s: %s' % (type(error).__name__, error)]}


print(json.dumps([read(base64.b64decode(text)) for text in json.load(sys.stdin)]))
