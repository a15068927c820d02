// What the sender says in its mail: the message of each mailing, composed once, and the return path of
// each delivery.

import type { MessageSource } from '../destination/delivery-transaction.js';
import type { ReturnPaths } from '../bounce/return-path.js';
import type { Delivery } from '../model/delivery.js';
import type { Mailing } from '../model/mailing.js';
import { Composer, type MessageContext } from './composer.js';
import { dkimSigner, type DkimKey } from './dkim.js';
import { parseFrom } from './from.js';
import { listUnsubscribe } from './list-unsubscribe.js';

interface MessagesOptions {
  returnPaths: ReturnPaths;
  /** `From:` of the messages. */
  from?: string | undefined;
  /** `List-Unsubscribe:` of the messages, in which `{{email}}` is the contact. */
  listUnsubscribe?: string | undefined;
  /** Key that signs the messages. */
  dkim?: DkimKey | undefined;
}

export class Messages implements MessageSource {
  private readonly composers = new Map<Mailing, Composer>();
  private readonly headers: Pick<MessageContext, 'from' | 'unsubscribe' | 'sign'>;

  /** @throws BouncelabError E_USAGE for a DKIM key that cannot sign, or an unusable From or List-Unsubscribe */
  constructor(private readonly options: MessagesOptions) {
    const { from = 'news@sender.example', listUnsubscribe: address, dkim } = options;
    parseFrom(from);
    this.headers = {
      from,
      unsubscribe: address === undefined ? undefined : listUnsubscribe(address),
      sign: dkim && dkimSigner(dkim),
    };
  }

  /** Composes the message of a mailing. @param date for its headers */
  compose(mailing: Mailing, date: Date): void {
    const { name, order } = mailing;
    this.composers.set(mailing, new Composer(order.message, { mailing: name, date, ...this.headers }));
  }

  envelopeFrom(delivery: Delivery): string {
    const { mailing, contact } = delivery;
    return (delivery.returnPath ??= this.options.returnPaths.of(mailing.name, contact.key));
  }

  render({ mailing, contact }: Delivery): Promise<string> {
    return this.composers.get(mailing)!.render(contact);
  }
}
