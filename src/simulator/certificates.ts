// The TLS certificates of the fleet, made at run time so that no private key is shipped. They are made once
// per thread, and only when a scenario needs them: loading the library and generating a key takes as
// long as a small run.

import { createSecureContext, type SecureContext } from 'node:tls';
import { calendarDate } from '../clock/system.js';

/** A valid certificate, an expired one, and none, with which every handshake fails. */
export type Certificates = Record<'valid' | 'expired' | 'none', SecureContext>;

const NAME = [{ name: 'commonName', value: 'fleet.bouncelab.test' }];

/** Covers every day of the virtual clock, and today. */
const VALID = { notBeforeDate: utc(2025), notAfterDate: utc(2050) };
const EXPIRED = { notBeforeDate: utc(2023), notAfterDate: utc(2024) };

let made: Promise<Certificates> | undefined;

/** The certificates of this thread. */
export function certificates(): Promise<Certificates> {
  return (made ??= make());
}

async function make(): Promise<Certificates> {
  const { generate } = (await import('selfsigned')).default;
  const common = { keyType: 'ec', algorithm: 'sha256' } as const;
  const valid = await generate(NAME, { ...common, ...VALID });
  const keyPair = { privateKey: valid.private, publicKey: valid.public };
  const expired = await generate(NAME, { ...common, ...EXPIRED, keyPair });
  const context = (cert: string): SecureContext => createSecureContext({ key: valid.private, cert });
  return { valid: context(valid.cert), expired: context(expired.cert), none: createSecureContext() };
}

/** New Year's Day. */
function utc(year: number): Date {
  return calendarDate(`${year}-01-01T00:00:00Z`);
}
