// Line and column of an offset in a text. The line counter of the YAML library misses lines in files
// with syntax errors, where locations matter most.

export class Lines {
  /** Offset of the first character of each line. */
  private readonly starts: number[] = [0];

  private readonly length: number;

  constructor(text: string) {
    this.length = text.length;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  /** @returns line and column of an offset, both from 1, and the offset where the text of that line ends */
  at(offset: number): { line: number; column: number; end: number } {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    const next = this.starts[low + 1];
    const end = next === undefined ? this.length : next - 1;
    return { line: low + 1, column: offset - this.starts[low]! + 1, end };
  }
}
