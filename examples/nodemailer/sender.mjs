// A small sender: looks up where the mail of each address goes, and retries it every 30 minutes for 30 hours.
// Usage: node sender.mjs FILE   FILE has an address on each line

import { readFileSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import nodemailer from 'nodemailer';

const RETRY_MS = 30 * 60_000;
const WINDOW_MS = 30 * 3_600_000;
// At speed 1200, an hour is three seconds.
const TIMEOUT_MS = 3_600_000;
const FROM = 'news@sender.example';

const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 3 });
const start = Date.now();

/** Tries the hosts of a domain in turn. Returns the code of the reply that decided; 0 when no host was reached. */
async function attempt(recipient) {
  const hosts = await resolver.resolveMx(recipient.split('@')[1]).catch(() => []);
  for (const { exchange } of hosts.sort((a, b) => a.priority - b.priority)) {
    const [host] = await resolver.resolve4(exchange).catch(() => []);
    const patience = {
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
    };
    const transport = nodemailer.createTransport({ host, port: 25, ignoreTLS: true, ...patience });
    try {
      await transport.sendMail({ from: FROM, to: recipient, subject: 'News', text: 'Hello' });
      return 250;
    } catch (error) {
      if (error.responseCode) return error.responseCode;
    }
  }
  return 0;
}

async function deliver(recipient) {
  while (Date.now() < start + WINDOW_MS) {
    const code = await attempt(recipient);
    console.log(`${((Date.now() - start) / 60_000).toFixed(1)} min  ${recipient}  ${code}`);
    if (code === 250 || code >= 500) return;
    await new Promise((done) => setTimeout(done, RETRY_MS));
  }
}

const recipients = readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean);
await Promise.all(recipients.map(deliver));
