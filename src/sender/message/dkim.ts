// DKIM signatures (RFC 6376), by nodemailer, with what it leaves to its caller: a key that cannot sign
// is found before anything is sent, and the fields that must be signed are.

import { createPrivateKey } from 'node:crypto';
import DKIM from 'nodemailer/lib/dkim';
import { BouncelabError } from '../../base/errors.js';

/** What signs messages: one domain and its key. */
export interface DkimKey {
  domain: string;
  selector: string;
  /** RSA, PEM. */
  privateKey: string;
}

/** Signs the whole text of a message. */
export type Sign = (message: string) => Promise<string>;

/** Those that a message of ours may have; RFC 8058, 4 wants both of List-Unsubscribe among them. */
const SIGNED_FIELDS = [
  'From',
  'To',
  'Subject',
  'Date',
  'Message-ID',
  'MIME-Version',
  'Content-Type',
  'Content-Transfer-Encoding',
  'List-Unsubscribe',
  'List-Unsubscribe-Post',
].join(':');

/** @throws BouncelabError E_USAGE for a key that cannot sign */
export function dkimSigner({ domain, selector, privateKey }: DkimKey): Sign {
  // With one that it cannot use, the library sends without a signature.
  if (!isRsa(privateKey)) {
    throw new BouncelabError('E_USAGE', `the DKIM key of ${selector}._domainkey.${domain} cannot sign`, {
      hint: 'Give an RSA private key in PEM, without a passphrase.',
    });
  }
  const signer = new DKIM({
    domainName: domain,
    keySelector: selector,
    privateKey,
    headerFieldNames: SIGNED_FIELDS,
  });
  return async (message) => {
    const chunks: Buffer[] = [];
    for await (const chunk of signer.sign(message)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  };
}

function isRsa(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
