// Applies bounce messages: rule 11 of docs/semantics.md. A message to a return path turns one delivery
// from delivered into a soft or hard bounce, once, or is recorded as ignored or as a duplicate.

import type { FactOf } from '../../events/types.js';
import type { Changes } from '../changes.js';
import type { Contact, Contacts } from '../model/contact.js';
import type { Mailing } from '../model/mailing.js';
import type { OpenDeliveries } from '../model/open-deliveries.js';
import type { RetryPolicy } from '../../policy/retry-policy.js';
import type { Settlement } from '../settlement.js';
import { isPostmaster } from './postmaster.js';
import { readIncoming, type Incoming } from './report.js';
import { digestOf, type ReturnPaths, type Returned } from './return-path.js';
import { bounceOutcome } from './outcome.js';

interface BouncesOptions {
  returnPaths: ReturnPaths;
  policy: RetryPolicy;
  changes: Changes;
  contacts: Contacts;
  mailings: ReadonlyMap<string, Mailing>;
  open: OpenDeliveries;
  settlement: Settlement;
}

type Received = FactOf<'bounce.received'>;

export class Bounces {
  /** Contacts by the digest of their address, as far as they have been looked at. */
  private readonly byDigest = new Map<string, Contact>();
  private readonly unread: Iterator<Contact>;
  private looked = 0;

  constructor(private readonly options: BouncesOptions) {
    this.unread = options.contacts.all()[Symbol.iterator]();
  }

  /**
   * Takes a message that was sent to a return path, or to the postmaster.
   *
   * @param returnPath recipient address of the message
   * @param message as received; may be cut off at its end
   * @throws BouncelabError E_STORE when the result cannot be stored
   */
  async receive(returnPath: string, message: Uint8Array): Promise<void> {
    const incoming = await readIncoming(message);
    this.options.changes.request(() => this.take(returnPath, incoming));
  }

  private take(to: string, incoming: Incoming): void {
    const { returnPaths, changes, contacts, policy, settlement } = this.options;
    const returned = returnPaths.read(to);
    const contact = returned && this.contactOf(returned);
    const address = contact?.key ?? returned?.address;
    const whom = {
      ...(returned ? { mailing: returned.mailing } : {}),
      ...(address === undefined ? {} : { address }),
    };
    const note = (
      result: Received['result'],
      why: string,
      reported: Pick<Received, 'status' | 'action'> = {},
    ) => changes.emit({ type: 'bounce.received', to, ...whom, ...reported, result, why });

    if (isPostmaster(to, returnPaths.domain)) return note('ignored', 'it is mail to the postmaster');
    if (!returned) return note('ignored', 'the return path is none of ours');
    const { mailing } = returned;
    if (!this.options.mailings.has(mailing)) return note('ignored', 'there is no such mailing');
    if (!contact) return note('ignored', 'there is no such contact');
    if (!returned.genuine) return note('ignored', 'the return path was made up');
    if (incoming.kind === 'auto-reply') return note('ignored', 'it is an automatic reply');
    if (incoming.kind === 'other') return note('ignored', incoming.why);
    const { reported, ...outcome } = bounceOutcome(incoming.recipients, contact.key, policy);
    if ('ignored' in outcome) return note('ignored', outcome.ignored, reported);
    const ended = contacts.ended(contact, mailing);
    if (ended?.returned) return note('duplicate', `the delivery is ${ended.what} by one before`, reported);
    if (ended?.what !== 'delivered')
      return note('ignored', this.whyNot(contact, mailing, ended?.what), reported);

    const { state, cause, why } = outcome;
    note('applied', `the delivery is ${state}`, reported);
    changes.emit({ type: 'delivery.returned', mailing, address: contact.key, state, cause, why });
    settlement.returned(contact, ended, outcome);
  }

  private whyNot(contact: Contact, mailing: string, ended: string | undefined): string {
    if (ended !== undefined) return `the delivery had ended as ${ended}`;
    return this.options.open.of(contact).some((delivery) => delivery.mailing.name === mailing)
      ? 'the delivery is still in progress'
      : 'nothing of that mailing was delivered to it';
  }

  private contactOf({ address, digest }: Returned): Contact | undefined {
    const { contacts } = this.options;
    if (address !== undefined) return contacts.get(address);
    if (digest === undefined) return undefined;
    // Never asked for more than there are: an iterator that has ended would not see contacts that come later.
    for (; this.looked < contacts.size; this.looked++) {
      const { value } = this.unread.next() as IteratorResult<Contact, never>;
      this.byDigest.set(digestOf(value.key), value);
    }
    return this.byDigest.get(digest);
  }
}
