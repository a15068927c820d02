// What a server keeps of a message that came in: its size, and the header that a bounce message quotes.

export interface ReceivedMessage {
  size: number;
  header: HeaderCollector;
}

/** What a server quotes of a message at most. */
const HEADER_BYTES_MAX = 64 * 1024;

/** Keeps the beginning of a message as it comes in, up to the end of its header. */
export class HeaderCollector {
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private isDone = false;

  add(chunk: Buffer): void {
    if (this.isDone) return;
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    // An end that is torn between two chunks is found with the next one.
    this.isDone = this.bytes >= HEADER_BYTES_MAX || chunk.includes('\r\n\r\n');
  }

  /** The header, its last line ended. */
  get text(): string {
    const read = Buffer.concat(this.chunks).subarray(0, HEADER_BYTES_MAX);
    const end = read.indexOf('\r\n\r\n');
    return read.toString('utf8', 0, end < 0 ? read.length : end + 2);
  }
}
