// The receiving side: takes messages and writes down whose, and from which sender. Some mailboxes
// are full, some do not exist, some are busy at first.

import { SMTPServer } from 'smtp-server';

/** How a contact must end, by its number. */
export function fateOf(address) {
  const n = Number(/\d+/.exec(address)[0]);
  if (n % 40 === 7) return { end: 'hard-bounced', status: 'error', streak: 0 };
  if (n % 40 === 17) return { end: 'soft-bounced', status: 'active', streak: 1 };
  return { end: 'delivered', status: 'active', streak: 0, busyAtFirst: n % 20 === 3 };
}

/**
 * @returns {Promise<{ port: number, accepted: Map<string, string[]>, onStep: (step: string) => void,
 *   settled: () => Promise<void>, close: () => Promise<void> }>} `accepted`: for each address the senders
 *   whose message was taken
 */
export async function startServer() {
  const accepted = new Map();
  const seen = new Set();
  const told = { onStep: () => undefined };
  let open = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    onConnect(_session, callback) {
      open++;
      told.onStep('connection');
      callback();
    },
    onClose() {
      open--;
    },
    onMailFrom(_address, _session, callback) {
      told.onStep('MAIL');
      callback();
    },
    onRcptTo({ address }, _session, callback) {
      told.onStep('RCPT');
      const fate = fateOf(address);
      const isFirst = !seen.has(address);
      seen.add(address);
      if (fate.end === 'hard-bounced') return callback(refusal(550, 'No such user'));
      if (fate.end === 'soft-bounced') return callback(refusal(452, 'Mailbox full'));
      callback(fate.busyAtFirst && isFirst ? refusal(450, 'Busy') : null);
    },
    onData(stream, session, callback) {
      told.onStep('DATA');
      stream.resume();
      stream.on('end', () => {
        const [{ address }] = session.envelope.rcptTo;
        accepted.set(address, [...(accepted.get(address) ?? []), session.hostNameAppearsAs]);
        told.onStep('final dot');
        // The reply leaves a little later: a kill may come before it, and before it is read.
        setImmediate(() => {
          callback();
          setImmediate(() => told.onStep('250'));
        });
      });
    },
  });
  // A sender that is killed resets its connections.
  server.on('error', () => undefined);
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: server.server.address().port,
    accepted,
    set onStep(fn) {
      told.onStep = fn;
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
