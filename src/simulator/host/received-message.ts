// What a host keeps of a received message: its size, and the header that a bounce message quotes.

export interface ReceivedMessage {
  size: number;
  header: HeaderCollector;
}

/** Maximum length of a quoted header. */
const HEADER_BYTES_MAX = 64 * 1024;

/** Keeps the header of a message while the message is received. */
export class HeaderCollector {
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private isDone = false;

  add(chunk: Buffer): void {
    if (this.isDone) return;
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    // When the end of the header is split between two chunks, more is kept; `text` cuts it off.
    this.isDone = this.bytes >= HEADER_BYTES_MAX || chunk.includes('\r\n\r\n');
  }

  /** The header, including the end of its last line. */
  get text(): string {
    const read = Buffer.concat(this.chunks).subarray(0, HEADER_BYTES_MAX);
    const end = read.indexOf('\r\n\r\n');
    return read.toString('utf8', 0, end < 0 ? read.length : end + 2);
  }
}
