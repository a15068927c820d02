// Addresses of two families: an address record is A or AAAA (RFC 5321, 5.1).

import { describe, expect, test } from 'vitest';
import type { SenderOptions } from '../../src/sender/sender.js';
import { sendTo } from '../support/scripted-server.js';

const BOB = 'bob@example.org';

describe('a resolver of a library user', () => {
  const answer = (found: string[] | string): Promise<string[]> =>
    typeof found === 'string'
      ? Promise.reject(Object.assign(new Error(found), { code: found }))
      : Promise.resolve(found);
  const resolver = (a: string[] | string, aaaa?: string[] | string): SenderOptions['resolver'] => ({
    resolveMx: () => Promise.resolve([{ exchange: 'mx.example.org', preference: 0 }]),
    resolve4: () => answer(a),
    ...(aaaa === undefined ? {} : { resolve6: () => answer(aaaa) }),
  });

  test.each<[string, string[] | string, string[] | string | undefined, string, string]>([
    ['no address of any family is permanent', 'ENODATA', 'ENODATA', 'rejected', 'ENODATA'],
    ['a name that does not exist is permanent', 'ENOTFOUND', 'ENODATA', 'rejected', 'ENOTFOUND'],
    ['AAAA that may come later is temporary', 'ENODATA', 'ESERVFAIL', 'unreachable', 'ESERVFAIL'],
    ['A that may come later is temporary', 'ETIMEOUT', [], 'unreachable', 'ETIMEOUT'],
    ['an AAAA record is an address', 'ENODATA', ['::1'], 'unreachable', 'ECONNREFUSED'],
    ['an A record is one when AAAA fails', ['127.9.9.9'], 'ESERVFAIL', 'unreachable', 'ECONNREFUSED'],
    ['without resolve6, A alone counts', 'ENODATA', undefined, 'rejected', 'ENODATA'],
  ])('%s', async (_what, a, aaaa, outcome, error) => {
    const { events } = await sendTo(() => undefined, { sender: { resolver: resolver(a, aaaa) } });
    expect(events.attempts(BOB)[0]).toMatchObject({ outcome, error });
  });
});
