// The domains of one destination, and when the MX answer came that brought each of them there. Answers carry
// no time to live here: one counts as long as a connection lasts that was begun before it.

export class DomainAnswers {
  private readonly answers = new Map<string, number>();
  /** Whether the destination has had more than one domain. */
  isShared = false;

  /** @param domain whose MX hosts are not known yet */
  constructor(domain: string) {
    this.answers.set(domain, -Infinity);
  }

  get isEmpty(): boolean {
    return this.answers.size === 0;
  }

  has(domain: string): boolean {
    return this.answers.has(domain);
  }

  answered(domain: string, at: number): void {
    this.isShared ||= !this.answers.has(domain);
    this.answers.set(domain, at);
  }

  /** Whether the answer for a domain is as recent as a moment. */
  isAnsweredSince(domain: string, moment: number): boolean {
    return (this.answers.get(domain) ?? -Infinity) >= moment;
  }

  delete(domain: string): void {
    this.answers.delete(domain);
  }

  /** Forgets all answers: the first delivery is to `domain`, whose MX hosts are looked up with it. */
  restart(domain: string): void {
    this.answers.clear();
    this.answers.set(domain, -Infinity);
  }
}
