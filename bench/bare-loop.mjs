// The reference for speed: nodemailer's SMTPConnection against smtp-server over the same in-memory sockets, in
// real time, without engine, virtual clock or event log. The dialogue is that of the engine: MAIL, RCPT
// refused with 452, RSET, one recipient per transaction, without PIPELINING.

import { once } from 'node:events';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { SMTPServer } from 'smtp-server';
import { MemorySocket } from '../dist/simulator/network/memory-socket.js';

/** A clock without delays: bytes arrive in the next turn of the event loop. */
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
  // On the clock above, the idle timeout of a socket would fire at once.
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
        // Wait for both ends, so that no timer of the library remains.
        Promise.all([once(pair.client, 'close'), once(pair.server, 'close')]).then(resolve, reject);
        connection.quit();
        return;
      }
      connection.send(
        { from: 'news@sender.example', to: [`reader-${left}@example.org`] },
        MESSAGE,
        (failure) => {
          if (Boolean(failure) !== refuse)
            return reject(failure ?? new Error('a message was accepted that should be refused'));
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
