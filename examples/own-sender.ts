// A sender in TypeScript: contacts that are not active are skipped, 5xx is a hard bounce, 4xx is tried again when
// the policy says, and a delivery that has used its attempts or its window is a soft bounce.
// `bouncelab run scenarios/mailboxes --sender examples/own-sender.ts` plays it.

import nodemailer from 'nodemailer';
import type { CreateSender, ExternalMailing, SenderPorts } from 'bouncelab';

interface Refusal extends Error {
  responseCode?: number;
  response?: string;
}

class Mailer {
  constructor(private readonly ports: SenderPorts) {}

  /** Sends a mailing to one contact; resolves when the delivery has ended. */
  async deliver(mailing: ExternalMailing, address: string): Promise<void> {
    const { report, policy } = this.ports;
    const { intervalsMs, windowMs, attempts } = policy.retry;
    const left: Budget =
      attempts.counting === 'total'
        ? { any: attempts.total ?? Infinity }
        : { replied: attempts.replied ?? Infinity, unreachable: attempts.unreachable ?? Infinity };
    const firstAt = Date.now();
    let offset = 0;
    for (let made = 1; ; made++) {
      // Each attempt has its point on a grid from the first, so that slow replies do not move those after it.
      await until(firstAt + offset);
      const startedAt = Date.now();
      const refusal = await this.attempt(mailing, address);
      if (!refusal) {
        report.attempt(mailing.name, address, { startedAt, outcome: 'accepted', stage: 'message' });
        return report.delivered(mailing.name, address);
      }
      const { responseCode: code = 0, response = '' } = refusal;
      const reply = code === 0 ? {} : { reply: { code, lines: [response] } };
      const isFinal = code >= 500;
      const outcome = isFinal ? 'rejected' : 'deferred';
      report.attempt(mailing.name, address, { startedAt, outcome, stage: 'rcpt', ...reply });
      offset += intervalsMs[Math.min(made, intervalsMs.length) - 1] ?? windowMs;
      if (isFinal || isUsedUp(left, code > 0) || offset > windowMs) {
        report.bounced(mailing.name, address, isFinal ? 'hard' : 'soft');
        if (isFinal) report.status(address, 'error');
        return;
      }
    }
  }

  private async attempt(mailing: ExternalMailing, to: string): Promise<Refusal | undefined> {
    const { resolveMx, getSocket } = this.ports;
    try {
      const [mx] = await resolveMx(to.slice(to.lastIndexOf('@') + 1));
      const transport = nodemailer.createTransport({ host: mx?.exchange, port: 25, getSocket });
      const from = `bounce+${mailing.name}+x@return.sender.example`;
      await transport.sendMail({
        from: 'News <news@sender.example>',
        to,
        // The return path tells the servers to which mailing a message belongs.
        envelope: { from, to },
        subject: mailing.subject,
        text: mailing.text,
      });
      return undefined;
    } catch (error) {
      return error as Refusal;
    }
  }
}

/** The attempts that are left: in all, or of those that a server answered and of the others. */
interface Budget {
  any?: number;
  replied?: number;
  unreachable?: number;
}

/** Counts an attempt. @returns whether it was the last one of its kind */
function isUsedUp(left: Budget, isReplied: boolean): boolean {
  const kind = left.any !== undefined ? 'any' : isReplied ? 'replied' : 'unreachable';
  left[kind] = (left[kind] ?? 0) - 1;
  return left[kind] <= 0;
}

const until = (time: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, time - Date.now())));

export const createSender: CreateSender = (ports) => {
  const mailer = new Mailer(ports);
  return {
    async send(mailing) {
      const active = mailing.contacts.filter(({ status }) => status === 'active');
      await Promise.all(active.map(({ address }) => mailer.deliver(mailing, address)));
    },
  };
};
