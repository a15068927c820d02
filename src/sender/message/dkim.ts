// DKIM signatures (RFC 6376) by nodemailer, with what it leaves to its caller: an unusable key is an error
// before any message is sent, and the required header fields are signed.

import { createPrivateKey } from 'node:crypto';
import DKIM from 'nodemailer/lib/dkim';
import { wireDomain } from '../../base/domain-names.js';
import { BouncelabError } from '../../base/errors.js';

/** Signing domain and its key. */
export interface DkimKey {
  domain: string;
  selector: string;
  /** RSA, PEM. */
  privateKey: string;
}

/** Signs the whole text of a message. */
export type Sign = (message: string) => Promise<string>;

/** Header fields of the sender's messages; RFC 8058, 4 requires both List-Unsubscribe fields. */
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
  // nodemailer would send without a signature when it cannot use the key.
  if (!isRsa(privateKey)) {
    throw new BouncelabError('E_USAGE', `the DKIM key of ${selector}._domainkey.${domain} cannot sign`, {
      hint: 'Give an RSA private key in PEM, without a passphrase.',
    });
  }
  const signer = new DKIM({
    domainName: wireDomain(domain),
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
