// The return path of each message (VERP): it tells by its address which mailing and which contact
// a bounce message is about, and carries a keyed tag, so that nobody can make one up for another.
//
//   bounce+MAILING+LOCAL=DOMAIN+TAG@...    as long as that fits the 64 octets of a local part
//   bounce+MAILING+~DIGEST+TAG@...         for addresses that are too long, or need quotes

import { createHash, createHmac } from 'node:crypto';

/** So long can the name of a mailing be, that a return path with a digest has room for it and a number. */
export const MAILING_NAME_LENGTH_MAX = 28;

/** RFC 5321, 4.5.3.1.1. */
const LOCAL_PART_OCTETS_MAX = 64;

/** What stands in a local part without quotes (RFC 5322, 3.2.3), less the upper-case letters. */
const PLAIN = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;

/** Characters of tags and digests: 5 bits each, and the same whatever case a server makes of them. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
/** 50 bits: nobody guesses one of them over SMTP. */
const TAG_LENGTH = 10;

const RETURN_PATH = /^bounce\+([a-z0-9-]+)\+(.+)\+([a-z2-7]+)$/;

/** Whom a return path is about. */
export interface Returned {
  mailing: string;
  /** Contact by its key; absent where the return path has only a digest of it. */
  address?: string;
  digest?: string;
  /** The tag is ours: this return path went out with a message. */
  genuine: boolean;
}

export class ReturnPaths {
  /** @param secret only who knows it can make a return path */
  constructor(
    private readonly secret: string,
    readonly domain: string,
  ) {}

  /** The return path of the messages of a mailing to a contact. @param address key of the contact */
  of(mailing: string, address: string): string {
    const at = address.lastIndexOf('@');
    const written = `${address.slice(0, at)}=${address.slice(at + 1)}`;
    const plain = this.localPart(mailing, written);
    const fits = PLAIN.test(written) && !written.startsWith('~') && plain.length <= LOCAL_PART_OCTETS_MAX;
    return `${fits ? plain : this.localPart(mailing, `~${digestOf(address)}`)}@${this.domain}`;
  }

  /** Reads a return path. @returns undefined when it is none of the sender's */
  read(returnPath: string): Returned | undefined {
    const at = returnPath.lastIndexOf('@');
    if (returnPath.slice(at + 1).toLowerCase() !== this.domain.toLowerCase()) return undefined;
    const parts = RETURN_PATH.exec(returnPath.slice(0, at).toLowerCase());
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

/** What stands for an address that cannot be written into a return path. */
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
