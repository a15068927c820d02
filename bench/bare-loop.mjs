// The yardstick: nodemailer's SMTPConnection against smtp-server over the same in-memory sockets,
// in real time, with no engine, no virtual clock, no event log. The dialogue is the one that the
// engine has: MAIL, RCPT refused with 452, RSET, one recipient each, without PIPELINING.

import { once } from 'node:events';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { SMTPServer } from 'smtp-server';
import { MemorySocket } from '../dist/simulator/network/memory-socket.js';

/** Bytes arrive in a later turn of the loop, as fast as it turns. */
const immediateClock = {
  now: () => 0,
  date: () => new Date(0),
  after(_ms, fn) {
    let cancelled = false;
    setImmediate(() => cancelled || fn());
    return { cancel: () => (cancelled = true) };
  },
};

function connectionPair() {
  const a = { address: '127.0.0.1', port: 40_000 };
  const b = { address: '127.1.0.1', port: 25 };
  const client = new MemorySocket(immediateClock, 0, a, b);
  const server = new MemorySocket(immediateClock, 0, b, a);
  // The clock above cannot wait, and a socket's idle timeout would fire at once.
  client.setTimeout = server.setTimeout = function () {
    return this;
  };
  MemorySocket.join(client, server);
  client.open();
  server.open();
  return { client, server };
}

function newServer(refuse) {
  return new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    hidePIPELINING: true,
    logger: false,
    onMailFrom: (_address, _session, callback) => callback(),
    onRcptTo: (_address, _session, callback) =>
      callback(refuse ? Object.assign(new Error('4.2.2 Mailbox full'), { responseCode: 452 }) : null),
    onData(stream, _session, callback) {
      stream.once('end', () => callback());
      stream.resume();
    },
  });
}

const MESSAGE = 'From: news@sender.example\r\nTo: reader@example.org\r\nSubject: Hello\r\n\r\nHello\r\n';

/** Sends `count` messages one after the other over one connection. */
function talk(server, count, refuse) {
  return new Promise((resolve, reject) => {
    const pair = connectionPair();
    server.connect(pair.server);
    const connection = new SMTPConnection({
      connection: pair.client,
      name: 'bench.example',
      ignoreTLS: true,
      logger: false,
    });
    connection.on('error', reject);
    let left = count;
    const next = (error) => {
      if (error) return reject(error);
      if (left-- === 0) {
        // Both ends, so that no timer of the library outlives the loop.
        Promise.all([once(pair.client, 'close'), once(pair.server, 'close')]).then(resolve, reject);
        connection.quit();
        return;
      }
      connection.send(
        { from: 'news@sender.example', to: [`reader-${left}@example.org`] },
        MESSAGE,
        (failure) => {
          if (Boolean(failure) !== refuse)
            return reject(failure ?? new Error('accepted what should be refused'));
          if (refuse) connection.reset(next);
          else next();
        },
      );
    };
    connection.connect(next);
  });
}

/**
 * @param {number} attempts in all
 * @param {number} connections open at once
 * @param {boolean} refuse whether every recipient is refused with 452
 * @returns {Promise<number>} wall milliseconds
 */
export async function bareLoop(attempts, connections, refuse) {
  const server = newServer(refuse);
  const started = performance.now();
  await Promise.all(Array.from({ length: connections }, () => talk(server, attempts / connections, refuse)));
  return performance.now() - started;
}
