// What `bouncelab serve` writes while it runs: the dialogue or NDJSON, in blocks, since a write for every line costs
// more than the SMTP behind it.

import pc from 'picocolors';
import { setRealTimeout } from '../../clock/system.js';
import type { Fact } from '../../events/types.js';
import { pad } from '../../reporters/terminal/layout.js';
import type { Screen } from '../../reporters/terminal/screen.js';
import { terminalLine } from '../../reporters/text.js';

/** A block is written when it has this many characters, or after this time. */
const BLOCK_CHARS = 1 << 16;
const BLOCK_MS = 50;

/** Output that waits to be read: beyond it, lines are lost, or they would fill the memory. */
const PENDING_BYTES_MAX = 64 * 1024 * 1024;

/** Lines of text, written in blocks. */
export class BlockWriter {
  private block = '';
  private lines = 0;
  private lost = 0;
  private cancel: (() => void) | undefined;

  constructor(private readonly screen: Screen) {}

  /** Lines that were not written, since what was written before them is not read. */
  get lostLines(): number {
    return this.lost;
  }

  line(text: string): void {
    this.block += `${text}\n`;
    this.lines++;
    if (this.block.length >= BLOCK_CHARS) this.flush();
    else this.cancel ??= setRealTimeout(() => this.flush(), BLOCK_MS);
  }

  flush(): void {
    this.cancel?.();
    this.cancel = undefined;
    if (this.block === '') return;
    const { block, lines } = this;
    this.block = '';
    this.lines = 0;
    if ((this.screen.pending?.() ?? 0) > PENDING_BYTES_MAX) this.lost += lines;
    else this.screen.write(block);
  }
}

/** One line per event for people: time of the fleet in seconds, session, direction and text. */
export function factLine(fact: Fact, t: number, { color }: Screen): string {
  const colors = pc.createColors(color);
  const session = 'session' in fact ? `#${fact.session}` : '';
  const at = colors.dim(`${(t / 1000).toFixed(3).padStart(9)} ${pad(session, 5)}`);
  return `${at} ${terminalLine(factText(fact))}`;
}

function factText(fact: Fact): string {
  switch (fact.type) {
    case 'connection.opened':
      return `connection from ${fact.client} to ${fact.host}`;
    case 'connection.refused':
      return `${fact.host}: ${fact.how === 'refused' ? 'refused a connection' : 'did not answer a connection'}`;
    case 'connection.closed':
      return 'closed';
    case 'smtp.command':
      return `> ${fact.line}`;
    case 'smtp.reply': {
      const enhanced = fact.enhanced === undefined ? '' : `${fact.enhanced} `;
      return `< ${fact.code} ${enhanced}${fact.lines.join(' | ')}`;
    }
    case 'smtp.garbled':
      return `< ${JSON.stringify(fact.text)}`;
    case 'tls.started':
      return `${fact.protocol} with a certificate that ${fact.certificate === 'valid' ? 'is valid' : 'has expired'}`;
    case 'tls.failed':
      return 'the TLS handshake failed';
    case 'message.accepted':
      return `accepted a message of ${fact.size} bytes for ${fact.rcpt}: ${fact.placement}`;
    case 'message.returned':
      return `returned a message to ${fact.to} about ${fact.rcpt}: ${fact.outcome}, ${fact.said}`;
    case 'dns.answered':
      return `DNS: ${fact.query} ${fact.name}: ${fact.error ?? fact.records?.join(', ') ?? ''}`;
    case 'scenario.event':
      return `${fact.action} ${fact.subject}`;
    default:
      return fact.type;
  }
}
