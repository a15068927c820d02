// What every behavior sends at every stage where it can act: the table for the wire test, and for the
// comparison with docs/behaviors.md.

import type { Scope } from '../../src/simulator/behaviors/behavior.js';
import type { Point } from '../../src/simulator/plan.js';
import type { Lab } from './raw-client.js';

type Shown =
  /** Bytes of a reply, and whether the server closes after it. The next command gets its usual answer. */
  | { bytes: string; closes?: true }
  /** The usual dialogue; at this stage these bytes, this much later than usual, and then the rest of it. */
  | { goesOn: string; lateMs?: number }
  /** Bytes of an incomplete reply; then nothing for ever. */
  | { unended: string }
  | { refused: true }
  | { unanswered: true }
  | { silent: true }
  | { accepted: true }
  | { dropped: 'fin' | 'rst' };

export interface Cell {
  /** The cell in the documentation. */
  doc: string;
  params?: Record<string, unknown>;
  scope?: Scope;
  /** Played before, at the same server. */
  before?: (lab: Lab) => Promise<void>;
  /** Usual replies of the other stages that this behavior changes. */
  usual?: Partial<Record<Step, string>>;
  /** The command that is sent at this stage, when it is not the usual one. */
  command?: string;
  shown: Shown;
}

export const USUAL = {
  connect: '220 mx.example.org ESMTP\r\n',
  ehlo:
    '250-mx.example.org Nice to meet you, [127.0.0.1]\r\n' +
    '250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n',
  mail: '250 Accepted\r\n',
  rcpt: '250 Accepted\r\n',
  data: '354 End data with <CR><LF>.<CR><LF>\r\n',
  message: '250 2.0.0 Ok: queued as 1.1\r\n',
};
/** Replies of a server that offers STARTTLS. */
export const USUAL_TLS = {
  ehlo: USUAL.ehlo.replace('250 SMTPUTF8', '250-SMTPUTF8\r\n250 STARTTLS'),
  starttls: '220 Ready to start TLS\r\n',
};
export const DIALOGUE = ['connect', 'ehlo', 'mail', 'rcpt', 'data', 'message'] as const;
export type Step = (typeof DIALOGUE)[number];
/** The replies of the dialogue with STARTTLS. */
const REPLIES = [...DIALOGUE, 'starttls'] as const;

export const COMMANDS: Record<Step, string> = {
  connect: '',
  ehlo: 'EHLO client.test\r\n',
  mail: 'MAIL FROM:<news@sender.test>\r\n',
  rcpt: 'RCPT TO:<bob@example.org>\r\n',
  data: 'DATA\r\n',
  message: 'Subject: hello\r\n\r\nHi\r\n.\r\n',
};

const at = <P extends Point>(points: readonly P[], cell: (point: P) => Cell | Cell[]) =>
  Object.fromEntries(points.map((point) => [point, cell(point)])) as Record<P, Cell | Cell[]>;

const says = (bytes: string, params?: Record<string, unknown>): Cell => ({
  doc: /^\d{3}(?: \d\.\d{1,3}\.\d{1,3})?/.exec(bytes)![0],
  ...(params ? { params } : {}),
  shown: { bytes: `${bytes}\r\n` },
});
const closing = (cell: Cell): Cell => ({
  ...cell,
  doc: `${cell.doc}, closes`,
  shown: { ...(cell.shown as { bytes: string }), closes: true },
});

const BUSY_421 = closing(
  says('421 4.3.2 mx.example.org Service not available, closing transmission channel'),
);
const BUSY_451 = says('451 4.3.2 System busy, try again later');
const LISTED = says('554 5.7.1 Service unavailable; client host [127.0.0.1] is on a blocklist');
const SILENCE: Cell = { doc: 'silence', shown: { silent: true } };

const REPLY: Cell = {
  doc: 'the given reply',
  params: { code: 450, enhanced: '4.7.28', text: ['too many', 'from you'] },
  shown: { bytes: '450-4.7.28 too many\r\n450 4.7.28 from you\r\n' },
};

/** One of the catalogue; all of them are read in catalogue.test.ts. */
const RECORDED = says(
  '452 4.2.2 The email account that you tried to reach is over quota. Please direct the recipient to https://support.google.com/mail/?p=OverQuotaTemp - gsmtp',
  { entry: 'gmail/mailbox-full-2' },
);
RECORDED.doc = 'the recorded reply';

const YES: Partial<Record<Step | 'starttls', string>> = {
  starttls: '220-mx.example.org\r\n220 no spam here\r\n',
  connect: '220-mx.example.org\r\n220 no spam here\r\n',
  data: '354-mx.example.org\r\n354 no spam here\r\n',
};
/** Acceptances with another text. */
const yes = (step: Step | 'starttls'): Cell => {
  const code = step === 'connect' || step === 'starttls' ? 220 : step === 'data' ? 354 : 250;
  return {
    doc: 'the given reply',
    params: { code, text: ['mx.example.org', 'no spam here'] },
    shown: { goesOn: YES[step] ?? '250-mx.example.org\r\n250 no spam here\r\n' },
  };
};

function slow(step: Step | 'starttls'): Cell[] {
  const usual = step === 'starttls' ? USUAL_TLS.starttls : USUAL[step];
  return [
    { doc: 'the usual reply, late', params: { delay: '7s' }, shown: { goesOn: usual, lateMs: 7000 } },
    { doc: 'the usual reply, late', shown: { goesOn: usual, lateMs: 10_000 } },
    {
      doc: 'the usual reply, late',
      params: { rate: '2/s' },
      shown: { goesOn: usual, lateMs: 500 * (usual.length - 1) },
    },
    {
      doc: 'the usual reply, late',
      params: { delay: '1s', rate: '1/10ms' },
      shown: { goesOn: usual, lateMs: 1000 + 10 * (usual.length - 1) },
    },
  ];
}

function garbled(step: Step | 'starttls'): Cell[] {
  const usual = step === 'starttls' ? USUAL_TLS.starttls : USUAL[step];
  const code = usual.startsWith('220') ? 220 : step === 'data' ? 354 : 250;
  const closes = step === 'connect' ? { closes: true as const } : {};
  return [
    {
      doc: 'the garbled reply',
      shown: { bytes: '\u0000\u0007%%% upstream connect error, reset before headers %%%\r\n', ...closes },
    },
    {
      doc: 'the garbled reply',
      params: { as: 'mixed-codes' },
      shown: { bytes: '550-line 1 says 550\r\n450 line 2 says 450\r\n', ...closes },
    },
    {
      doc: 'the garbled reply',
      params: { as: 'mixed-codes', codes: [250, 451, 554] },
      shown: { bytes: '250-line 1 says 250\r\n451-line 2 says 451\r\n554 line 3 says 554\r\n', ...closes },
    },
    { doc: 'the garbled reply', params: { as: 'unended' }, shown: { unended: `${code}-One moment\r\n` } },
    { doc: 'the garbled reply', params: { as: 'torn' }, shown: { goesOn: usual, lateMs: 1000 } },
    { doc: 'the garbled reply', params: { as: 'stray' }, shown: { goesOn: `${usual}250 2.0.0 Ok\r\n` } },
  ];
}

const dropped: Cell[] = [
  { doc: 'FIN or RST', shown: { dropped: 'fin' } },
  { doc: 'FIN or RST', params: { how: 'rst' }, shown: { dropped: 'rst' } },
];

const withSize = (limit: number): string =>
  USUAL.ehlo.replace('250 SMTPUTF8', `250-SMTPUTF8\r\n250 SIZE ${limit}`);

/** One message taken on a connection of its own. */
const oneMessage = async (lab: Lab): Promise<void> => void (await lab.attempt('bob@example.org'));

export const CELLS: Record<string, Partial<Record<Point, Cell | Cell[]>>> = {
  accept: { any: { doc: '250', shown: { accepted: true } } },
  busy: {
    ...at(['connect', 'ehlo', 'body', 'idle'], () => BUSY_421),
    ...at(['mail', 'data', 'message'], () => BUSY_451),
    starttls: says('454 4.3.2 TLS not available due to temporary reason'),
    rcpt: says('450 4.3.2 System busy, try again later'),
  },
  'mailbox-full': at(['rcpt', 'data', 'message'], () => [
    { ...says('452 4.2.2 Mailbox full'), doc: '452 4.2.2 or 552 5.2.2' },
    { ...says('552 5.2.2 Mailbox full', { permanent: true }), doc: '452 4.2.2 or 552 5.2.2' },
  ]),
  'mailbox-disabled': at(['rcpt', 'data', 'message'], () =>
    says('550 5.2.1 <bob@example.org>: The account is disabled'),
  ),
  'nonexistent-user': at(['rcpt', 'data', 'message'], () =>
    says('550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown'),
  ),
  'junk-block': at(['mail', 'rcpt', 'data', 'message'], () =>
    says('554 5.7.1 Message rejected: classified as spam'),
  ),
  'content-block': at(['mail', 'rcpt', 'data', 'message'], () => says('550 5.7.1 Message content rejected')),
  blocklisted: { connect: closing(LISTED), ...at(['ehlo', 'mail', 'rcpt'], () => LISTED) },
  greylist: { rcpt: says('451 4.7.1 Greylisted, please try again later') },
  throttle: {
    connect: {
      ...closing(says('421 4.7.0 mx.example.org Too many concurrent connections from your address')),
      params: { connections: 2 },
      before: async (lab) => {
        await lab.session('example.org');
        await lab.session('example.org');
      },
    },
    mail: [
      {
        doc: '421 4.7.0, closes, or 451 4.7.1',
        params: { rate: '1/h' },
        before: oneMessage,
        shown: { bytes: '451 4.7.1 Too many messages from your address, try again later\r\n' },
      },
      {
        doc: '421 4.7.0, closes, or 451 4.7.1',
        params: { messagesPerConnection: 1 },
        command: ['mail', 'rcpt', 'data', 'message', 'mail'].map((step) => COMMANDS[step as Step]).join(''),
        shown: {
          bytes: `${USUAL.mail}${USUAL.rcpt}${USUAL.data}${USUAL.message}421 4.7.0 mx.example.org Too many messages on this connection\r\n`,
          closes: true,
        },
      },
    ],
    rcpt: [
      {
        doc: '452 4.5.3; for a mailbox 450 4.2.1',
        params: { recipientsPerHour: 1 },
        before: oneMessage,
        shown: { bytes: '452 4.5.3 Too many recipients from your address, try again later\r\n' },
      },
      {
        doc: '452 4.5.3; for a mailbox 450 4.2.1',
        params: { rate: '1/h' },
        scope: 'mailbox',
        before: oneMessage,
        shown: { bytes: '450 4.2.1 This mailbox is receiving too much mail, try again later\r\n' },
      },
    ],
  },
  'too-big': {
    ehlo: {
      doc: 'announces SIZE',
      params: { limit: 1000 },
      shown: { goesOn: withSize(1000) },
    },
    mail: {
      ...says('552 5.3.4 Message size exceeds fixed limit of 1000 bytes', { limit: 1000 }),
      command: 'MAIL FROM:<news@sender.test> SIZE=1001\r\n',
      usual: { ehlo: withSize(1000) },
    },
    rcpt: {
      doc: 'for a mailbox 552 5.3.4',
      params: { limit: 1000 },
      scope: 'mailbox',
      command: `RSET\r\nMAIL FROM:<news@sender.test> SIZE=1001\r\n${COMMANDS.rcpt}`,
      shown: {
        bytes: `250 Flushed\r\n${USUAL.mail}552 5.3.4 Message size exceeds fixed limit of 1000 bytes\r\n`,
      },
    },
    message: {
      ...says('552 5.3.4 Message size exceeds fixed limit of 21 bytes', { limit: 21 }),
      usual: { ehlo: withSize(21) },
    },
  },
  // After a 220 the bytes of TLS differ from run to run: tls.test.ts tests what follows from them.
  'tls-broken': {
    starttls: {
      ...says('454 4.7.0 TLS not available due to temporary reason', { how: 'refused' }),
    },
  },
  'return-later': { message: { doc: '250', params: { after: '1m' }, shown: { accepted: true } } },
  'auto-reply': { message: { doc: '250', params: { after: '1m' }, shown: { accepted: true } } },
  down: { dial: { doc: 'RST', shown: { refused: true } } },
  unreachable: { dial: { doc: 'no answer', shown: { unanswered: true } } },
  unresponsive: at(['connect', 'ehlo', 'starttls', 'mail', 'rcpt', 'data', 'body', 'message'], () => SILENCE),
  slow: { any: { doc: 'the usual reply, late', shown: { accepted: true } }, ...at(REPLIES, slow) },
  disconnect: at(
    ['connect', 'ehlo', 'starttls', 'mail', 'rcpt', 'data', 'body', 'message', 'idle'],
    () => dropped,
  ),
  garbled: at(REPLIES, garbled),
  catalogue: {
    connect: closing(RECORDED),
    ...at(['ehlo', 'starttls', 'mail', 'rcpt', 'data', 'message'], () => RECORDED),
    ...at(['body', 'idle'], () => closing(RECORDED)),
  },
  reply: {
    connect: [
      {
        ...REPLY,
        doc: 'the given reply; 4xx and 5xx close',
        shown: { ...(REPLY.shown as { bytes: string }), closes: true },
      },
      yes('connect'),
    ],
    ...at(['ehlo', 'starttls', 'mail', 'rcpt', 'data', 'message'], (step) => [REPLY, yes(step)]),
    ...at(['body', 'idle'], () => closing(REPLY)),
  },
};

/** Every cell, with its behavior and stage. */
export function everyCell(): { name: string; point: Point; cell: Cell; title: string }[] {
  return Object.entries(CELLS).flatMap(([name, points]) =>
    Object.entries(points).flatMap(([point, cells]) =>
      [cells].flat().map((cell) => ({
        name,
        point: point as Point,
        cell,
        title: `${name} at ${point}${cell.params ? ` ${JSON.stringify(cell.params)}` : ''}`,
      })),
    ),
  );
}
