// The return path of each message (VERP): the address names the mailing and the contact that a bounce
// message is about. A keyed tag prevents forged return paths.
//
//   bounce+MAILING+LOCAL=DOMAIN+TAG@...    as long as that fits the 64 octets of a local part
//   bounce+MAILING+~DIGEST+TAG@...         for addresses that are too long, or need quotes

import { addressKey, domainOf, localPartOf, parseAddress } from '../../base/addresses.js';
import { domainKey } from '../../base/domain-names.js';
import { createHash, createHmac } from 'node:crypto';

/** Longest mailing name that fits a return path together with a digest and a run number. */
export const MAILING_NAME_LENGTH_MAX = 28;

/** RFC 5321, 4.5.3.1.1. */
const LOCAL_PART_OCTETS_MAX = 64;

/** Lower-case dot-atom: a local part that needs no quotes (RFC 5322, 3.2.3). */
const PLAIN = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;

/** Alphabet of tags and digests, 5 bits a character: servers may change the case of an address. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
/** 50 bits, too many to be guessed over SMTP. */
const TAG_LENGTH = 10;

const RETURN_PATH = /^bounce\+([a-z0-9-]+)\+(.+)\+([a-z2-7]+)$/;

/** Mailing and contact of a return path. */
export interface Returned {
  mailing: string;
  /** Key of the contact; absent when the return path has a digest of it. */
  address?: string;
  digest?: string;
  /** Whether the tag is valid, so that this sender made the return path. */
  genuine: boolean;
}

export class ReturnPaths {
  /** In A-labels, so that MAIL needs no SMTPUTF8 (RFC 6531, 3.2). */
  readonly domain: string;

  /**
   * @param secret key of the tags
   * @param domain of the return paths, in either spelling if it is internationalized
   */
  constructor(
    private readonly secret: string,
    domain: string,
  ) {
    this.domain = domainKey(domain);
  }

  /** The return path of the messages of a mailing to a contact. @param address key of the contact */
  of(mailing: string, address: string): string {
    const written = `${localPartOf(address)}=${domainOf(address)}`;
    const plain = this.localPart(mailing, written);
    const fits = PLAIN.test(written) && !written.startsWith('~') && plain.length <= LOCAL_PART_OCTETS_MAX;
    return `${fits ? plain : this.localPart(mailing, `~${digestOf(address)}`)}@${this.domain}`;
  }

  /** Reads a return path. @returns undefined when it is none of the sender's */
  read(returnPath: string): Returned | undefined {
    const { localPart, domain } = parseAddress(addressKey(returnPath)) ?? {};
    if (localPart === undefined || domain !== this.domain) return undefined;
    const parts = RETURN_PATH.exec(localPart);
    if (!parts) return undefined;
    const [, mailing, who, tag] = parts as unknown as [string, string, string, string];
    const genuine = tag === this.tag(mailing, who);
    if (who.startsWith('~')) return { mailing, digest: who.slice(1), genuine };
    const equals = who.lastIndexOf('=');
    if (equals < 1) return { mailing, genuine: false };
    return { mailing, address: `${who.slice(0, equals)}@${who.slice(equals + 1)}`, genuine };
  }

  private localPart(mailing: string, who: string): string {
    return `bounce+${mailing}+${who}+${this.tag(mailing, who)}`;
  }

  private tag(mailing: string, who: string): string {
    return base32(createHmac('sha256', this.secret).update(`${mailing}\n${who}`).digest());
  }
}

/** Digest of an address that does not fit a return path. */
export function digestOf(address: string): string {
  return base32(createHash('sha256').update(address).digest());
}

function base32(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < TAG_LENGTH; index++) {
    const bit = index * 5;
    const two = (bytes[bit >> 3]! << 8) | bytes[(bit >> 3) + 1]!;
    text += BASE32[(two >> (11 - (bit & 7))) & 31];
  }
  return text;
}
