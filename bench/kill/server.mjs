// The receiving side: accepts messages and records their recipients and senders. Some mailboxes are full, some do
// not exist, some are busy at first.

import { SMTPServer } from 'smtp-server';

/** The expected result of a contact, by its number. */
export function fateOf(address) {
  const n = Number(/\d+/.exec(address)[0]);
  if (n % 40 === 7) return { end: 'hard-bounced', status: 'error', streak: 0 };
  if (n % 40 === 17) return { end: 'soft-bounced', status: 'active', streak: 1 };
  return { end: 'delivered', status: 'active', streak: 0, busyAtFirst: n % 20 === 3 };
}

/**
 * @returns {Promise<{ port: number, accepted: Map<string, string[]>, onStep: (step: string) => void,
 *   settled: () => Promise<void>, close: () => Promise<void> }>} `accepted`: for each address the senders
 *   whose messages were accepted
 */
export async function startServer() {
  const accepted = new Map();
  const seen = new Set();
  const listener = { onStep: () => undefined };
  let open = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    onConnect(_session, callback) {
      open++;
      listener.onStep('connection');
      callback();
    },
    onClose() {
      open--;
    },
    onMailFrom(_address, _session, callback) {
      listener.onStep('MAIL');
      callback();
    },
    onRcptTo({ address }, _session, callback) {
      listener.onStep('RCPT');
      const fate = fateOf(address);
      const isFirst = !seen.has(address);
      seen.add(address);
      if (fate.end === 'hard-bounced') return callback(refusal(550, 'No such user'));
      if (fate.end === 'soft-bounced') return callback(refusal(452, 'Mailbox full'));
      callback(fate.busyAtFirst && isFirst ? refusal(450, 'Busy') : null);
    },
    onData(stream, session, callback) {
      listener.onStep('DATA');
      stream.resume();
      stream.on('end', () => {
        const [{ address }] = session.envelope.rcptTo;
        accepted.set(address, [...(accepted.get(address) ?? []), session.hostNameAppearsAs]);
        listener.onStep('final dot');
        // The reply is sent in a later turn, so that a kill may happen before it is sent or read.
        setImmediate(() => {
          callback();
          setImmediate(() => listener.onStep('250'));
        });
      });
    },
  });
  // The connections of a killed sender are reset.
  server.on('error', () => undefined);
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: server.server.address().port,
    accepted,
    set onStep(fn) {
      listener.onStep = fn;
    },
    async settled() {
      while (open > 0) await new Promise((turn) => setImmediate(turn));
    },
    close: () => new Promise((closed) => server.close(closed)),
  };
}

function refusal(responseCode, message) {
  return Object.assign(new Error(message), { responseCode });
}
