// The table of causes: with whom each lies.

import { expect, test } from 'vitest';
import { CAUSES, faultOf, type Party } from '../../src/events/types.js';

const causesOf = (fault: Party): string[] => CAUSES.filter((cause) => faultOf(cause, {}) === fault);

test('every cause lies with one side', () => {
  expect(causesOf('recipient')).toEqual(['user-unknown', 'mailbox-full', 'mailbox-disabled']);
  expect(causesOf('sender')).toEqual(['throttled', 'ip-blocklisted', 'auth-failure', 'dns-failure']);
  expect(causesOf('content')).toEqual(['spam-block', 'content-block', 'message-too-big']);
  expect(causesOf('server')).toEqual([
    'greylisted',
    'server-busy',
    'policy',
    'relay-denied',
    'protocol-error',
  ]);
  expect(causesOf('network')).toEqual(['network']);
  expect(causesOf('unknown')).toEqual(['other']);
});

test('without a reply, `dns-failure` is a lookup of the domain of the recipient that failed', () => {
  expect(faultOf('dns-failure', undefined)).toBe('recipient');
  expect(CAUSES.filter((cause) => faultOf(cause, undefined) !== faultOf(cause, {}))).toEqual(['dns-failure']);
});
