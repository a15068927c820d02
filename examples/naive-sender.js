// A sender as one writes it in an afternoon, directly on nodemailer: it works, in a test with three
// addresses. `bouncelab run scenarios --sender examples/naive-sender.js` shows what it does to a list.

import nodemailer from 'nodemailer';

const ATTEMPTS = 4;
const WAIT_MS = 30 * 60_000;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Bouncelab calls this once for each scenario. Time is virtual: `setTimeout` and `Date` are its own. */
export function createSender({ getSocket, resolveMx, report }) {
  async function attempt({ name, subject, text }, address) {
    const [mx] = await resolveMx(address.slice(address.lastIndexOf('@') + 1));
    const transport = nodemailer.createTransport({ host: mx.exchange, port: 25, getSocket });
    await transport.sendMail({
      from: 'news@sender.example',
      // The return path tells which mailing a message belongs to.
      envelope: { from: `bounce+${name}+x@return.sender.example`, to: address },
      to: address,
      subject,
      text,
    });
  }

  async function deliver(mailing, address) {
    for (let n = 1; ; n++) {
      const startedAt = Date.now();
      try {
        await attempt(mailing, address);
        report.attempt(mailing.name, address, { startedAt, outcome: 'accepted', stage: 'message' });
        report.delivered(mailing.name, address);
        return;
      } catch (error) {
        const outcome = error.responseCode >= 500 ? 'rejected' : 'deferred';
        report.attempt(mailing.name, address, { startedAt, outcome, stage: 'rcpt' });
        if (outcome === 'rejected' || n === ATTEMPTS) {
          report.bounced(mailing.name, address, 'hard');
          report.status(address, 'error');
          return;
        }
        await wait(WAIT_MS);
      }
    }
  }

  return {
    async send(mailing) {
      await Promise.all(mailing.contacts.map(({ address }) => deliver(mailing, address)));
    },
  };
}
