// Delivers the messages that the fleet's hosts send back to a return path, over SMTP as any server does:
// looks up the MX host, dials it, and tries again later after a temporary failure.

import type net from 'node:net';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { domainOf } from '../../base/addresses.js';
import type { Clock } from '../../clock/clock.js';
import type { Emit } from '../../events/types.js';
import type { MailExchanger } from '../dns.js';
import { composeReturn, type Returning } from './report-message.js';

/** RFC 5321, 4.5.4.1: at least 30 minutes between two attempts. */
const RETRY_EVERY_MS = 30 * 60_000;
/** One day of attempts. */
const ATTEMPTS_MAX = 48;

const SMTP_PORT = 25;

/** Timeout of the greeting and of each reply of the return path's host. */
const TIMEOUT_MS = 5 * 60_000;

interface PostmanOptions {
  clock: Clock;
  emit: Emit;
  resolver: {
    resolveMx(domain: string): Promise<MailExchanger[]>;
    resolve4(name: string): Promise<string[]>;
    resolve6(name: string): Promise<string[]>;
  };
  dial: (address: string, port: number, from: string) => net.Socket;
  /** Opens a connection for every message, whatever its return path; `none`: no message is sent. */
  returns?: (() => net.Socket) | 'none';
}

/** A message to a return path, and the host that sends it. */
export interface Letter extends Returning {
  domain: string;
  /** Address from which the host dials. */
  address: string;
}

export class Postman {
  private letters = 0;

  constructor(private readonly options: PostmanOptions) {}

  /** Schedules a message, as many times as it says. */
  send(letter: Letter): void {
    const { afterMs, everyMs, times } = letter.what;
    if (letter.returnPath === '') return this.emitOutcome(letter, 'failed', 'no return path');
    if (this.options.returns === 'none') return this.emitOutcome(letter, 'failed', 'nowhere to return it to');
    for (let nth = 0; nth < times; nth++) {
      this.options.clock.after(afterMs + nth * everyMs, () => this.begin(letter));
    }
  }

  private begin(letter: Letter): void {
    const { clock } = this.options;
    const identity = { id: `return.${++this.letters}`, date: clock.date() };
    composeReturn(letter, identity).then(
      (message) => this.attempt(letter, message, 1),
      (error: unknown) =>
        void clock.after(0, () => {
          throw error;
        }),
    );
  }

  private attempt(letter: Letter, message: string, attempts: number): void {
    this.deliver(letter, message).then(
      (said) => this.emitOutcome(letter, 'sent', said),
      (error: SmtpError) => {
        const said = String(error.responseCode ?? error.code ?? error.message);
        if (isFinal(error) || attempts >= ATTEMPTS_MAX) return this.emitOutcome(letter, 'failed', said);
        this.emitOutcome(letter, 'deferred', said);
        this.options.clock.after(RETRY_EVERY_MS, () => this.attempt(letter, message, attempts + 1));
      },
    );
  }

  /** @returns reply code to the final dot @throws SmtpError, or the error of a lookup */
  private async deliver(letter: Letter, message: string): Promise<string> {
    const { resolver, dial, returns } = this.options;
    const { returnPath, host, address: from } = letter;
    if (typeof returns === 'function') return transact(returns(), host, returnPath, message);
    const records = await resolver.resolveMx(domainOf(returnPath));
    const [best] = records.sort((a, b) => a.preference - b.preference);
    const exchange = best?.exchange ?? '';
    const [address] = await resolver.resolve4(exchange).catch(async (error: unknown) => {
      // The reason of the first lookup counts when there is no IPv6 address either.
      return resolver.resolve6(exchange).catch(() => Promise.reject(error as Error));
    });
    if (address === undefined) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' });
    return transact(dial(address, SMTP_PORT, from), host, returnPath, message);
  }

  private emitOutcome(letter: Letter, outcome: 'sent' | 'deferred' | 'failed', said: string): void {
    const { domain, host, rcpt, returnPath: to, what } = letter;
    const { kind, status, action } = what;
    this.options.emit({
      type: 'message.returned',
      domain,
      host,
      rcpt,
      to,
      kind,
      ...(status === undefined ? {} : { status }),
      ...(action === undefined ? {} : { action }),
      outcome,
      said,
    });
  }
}

/** One transaction over a socket that is connecting, from the null reverse-path. @returns reply code to the final dot */
function transact(socket: net.Socket, name: string, to: string, message: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = (error: SmtpError): void => {
      socket.destroy();
      reject(error);
    };
    socket.once('error', refuse);
    socket.once('connect', () => {
      socket.removeListener('error', refuse);
      const client = new SMTPConnection({
        connection: socket,
        name,
        ignoreTLS: true,
        greetingTimeout: TIMEOUT_MS,
        socketTimeout: TIMEOUT_MS,
        logger: false,
      });
      client.on('error', refuse);
      client.connect((failure) => {
        if (failure) return refuse(failure);
        client.send({ from: '', to: [to] }, message, (error, info) => {
          if (error) return refuse(error);
          client.quit();
          resolve(info?.response?.slice(0, 3) ?? '');
        });
      });
    });
  });
}

type SmtpError = Error & { code?: string; responseCode?: number };

/** 5xx, or a domain that does not exist. */
function isFinal({ responseCode, code }: SmtpError): boolean {
  return responseCode === undefined ? code === 'ENOTFOUND' : responseCode >= 500;
}
