// A minimal SMTP client over TCP: writes lines and reads whole replies.

import { once } from 'node:events';
import net from 'node:net';
import { onTestFinished } from 'vitest';

export class SmtpClient {
  private text = '';

  constructor(readonly socket: net.Socket) {
    socket.setEncoding('latin1').on('data', (bytes: string) => (this.text += bytes));
  }

  /** @throws system error such as ECONNREFUSED */
  static async to(port: number, address = '127.0.0.1'): Promise<SmtpClient> {
    const client = new SmtpClient(net.connect(port, address));
    onTestFinished(() => void client.socket.destroy());
    await once(client.socket, 'connect');
    return client;
  }

  /** Connects, and introduces itself. */
  static async greeted(port: number, address?: string): Promise<SmtpClient> {
    const client = await SmtpClient.to(port, address);
    await client.reply();
    await client.ask('EHLO client.test');
    return client;
  }

  async reply(): Promise<string> {
    for (;;) {
      const whole = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3} [^\r\n]*\r\n/.exec(this.text)?.[0];
      if (whole !== undefined) {
        this.text = this.text.slice(whole.length);
        return whole;
      }
      await once(this.socket, 'data');
    }
  }

  ask(line: string): Promise<string> {
    this.socket.write(`${line}\r\n`);
    return this.reply();
  }

  /** Sends one message. @returns the reply to RCPT when it refuses, else that to the final dot */
  async send(to: string, from = 'a@client.test'): Promise<string> {
    await this.ask(`MAIL FROM:<${from}>`);
    const reply = await this.ask(`RCPT TO:<${to}>`);
    if (!reply.startsWith('250')) return reply;
    await this.ask('DATA');
    return this.ask('Subject: hi\r\n\r\nhello\r\n.');
  }
}
