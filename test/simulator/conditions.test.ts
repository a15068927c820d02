// When a behavior applies, and which of several does: conditions, mailboxes and order, as seen by a client
// on the wire.

import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { code, does, Lab, mailboxDoes, type FleetDomain } from './raw-client.js';

/** Codes of attempts made one after the other at one host. */
async function codes(domain: FleetDomain, ...recipients: string[]): Promise<string[]> {
  const lab = new Lab({ 'example.org': domain });
  const seen: string[] = [];
  await lab.play(async () => {
    for (const recipient of recipients) seen.push(await code(lab, `${recipient}@example.org`));
  });
  return seen;
}

describe('time', () => {
  /** The code at RCPT of a client whose command arrives at this virtual time. */
  async function codeAt(domain: FleetDomain, time: number): Promise<string> {
    const lab = new Lab({ 'example.org': domain });
    let seen = '';
    await lab.play(async () => {
      const client = await lab.session('example.org');
      await client.ask('MAIL FROM:<a@b.test>');
      await lab.sleep(time - lab.clock.now() - 5);
      seen = (await client.ask('RCPT TO:<bob@example.org>')).slice(0, 3);
    });
    return seen;
  }

  const window = { from: 60_000, to: 120_000 };

  it.each([
    [59_999, '250'],
    [60_000, '450'],
    [119_999, '450'],
    [120_000, '250'],
  ])(
    'during 1m..2m: at %d ms the reply is %s (the start is included, the end is not)',
    async (time, expected) => {
      expect(await codeAt({ behaviors: [does('busy', { stage: 'rcpt' }, { during: window })] }, time)).toBe(
        expected,
      );
    },
  );

  it.each([
    [119_999, '450'],
    [120_000, '250'],
  ])('until 2m: at %d ms the reply is %s', async (time, expected) => {
    expect(await codeAt({ behaviors: [does('busy', { stage: 'rcpt' }, { until: 120_000 })] }, time)).toBe(
      expected,
    );
  });

  it('applies to the handshake as well', async () => {
    const lab = new Lab({
      'example.org': { behaviors: [does('down', {}, { during: { from: 5, to: 60_000 } })] },
    });
    const errors: (string | undefined)[] = [];
    await lab.play(async () => {
      for (const at of [0, 59_994, 59_995]) {
        await lab.sleep(at - lab.clock.now());
        const client = await lab.dial('example.org');
        await client.reply();
        errors.push(client.error);
      }
    });
    expect(errors).toEqual(['ECONNREFUSED', 'ECONNREFUSED', undefined]);
  });
});

describe('attempts', () => {
  const secondAndThird = { attempts: { from: 2, to: 3 } };

  it('are counted for each recipient, case aside, both ends included', async () => {
    const domain = { behaviors: [does('busy', { stage: 'rcpt' }, secondAndThird)] };
    expect(await codes(domain, 'bob', 'bob', 'carol', 'BOB', 'bob', 'carol')).toEqual([
      '250',
      '450',
      '250',
      '450',
      '250',
      '450',
    ]);
  });

  it('include those that another behavior refused', async () => {
    const bob = [
      mailboxDoes('mailbox-full', {}, { attempts: { from: 1, to: 2 } }),
      mailboxDoes('nonexistent-user', {}, { attempts: { from: 3, to: 3 } }),
    ];
    expect(await codes({ mailboxes: { bob } }, 'bob', 'bob', 'bob', 'bob')).toEqual([
      '452',
      '452',
      '550',
      '250',
    ]);
  });

  it('hold for the later stages of the same transaction', async () => {
    const domain = { mailboxes: { bob: [mailboxDoes('junk-block', {}, { attempts: { from: 1, to: 1 } })] } };
    expect(await codes(domain, 'bob', 'bob')).toEqual(['554', '250']);
  });

  it('are counted separately by each host', async () => {
    const busyOnce = { behaviors: [does('busy', { stage: 'rcpt' }, { attempts: { from: 1, to: 1 } })] };
    const lab = new Lab({ 'a.test': busyOnce, 'b.test': busyOnce });
    const seen: string[] = [];
    await lab.play(async () => {
      for (const to of ['bob@a.test', 'bob@b.test', 'bob@a.test', 'bob@b.test'])
        seen.push(await code(lab, to));
    });
    expect(seen).toEqual(['450', '450', '250', '250']);
  });
});

describe('draws', () => {
  it('a share selects the same recipients at every attempt, and the seeded fraction of them', async () => {
    const lab = new Lab({ 'example.org': { behaviors: [does('nonexistent-user', {}, { share: 0.3 })] } });
    const names = Array.from({ length: 300 }, (_, i) => `r${i}@example.org`);
    const rounds: string[][] = [];
    await lab.play(async () => {
      for (let round = 0; round < 2; round++) {
        const client = await lab.session('example.org');
        const refused: string[] = [];
        for (const name of names) {
          await client.ask('MAIL FROM:<a@b.test>');
          if ((await client.ask(`RCPT TO:<${name}>`)).startsWith('550')) refused.push(name);
          await client.ask('RSET');
        }
        rounds.push(refused);
      }
    });
    expect(rounds[1]).toEqual(rounds[0]);
    const random = seededRandom('42');
    expect(rounds[0]).toEqual(
      names.filter(
        (name) => random.fraction('share', 'example.org', 'domain 0 nonexistent-user', name) < 0.3,
      ),
    );
    expect(Math.abs(rounds[0]!.length - 90)).toBeLessThan(4 * Math.sqrt(300 * 0.3 * 0.7));
  });

  it.each(['1', '2'])('a chance is drawn for each attempt, with seed %s', async (seed) => {
    const lab = new Lab(
      { 'example.org': { behaviors: [does('busy', { stage: 'rcpt' }, { chance: 0.5 })] } },
      { seed },
    );
    const drawn: boolean[] = [];
    await lab.play(async () => {
      const client = await lab.session('example.org');
      for (let i = 0; i < 60; i++) {
        await client.ask('MAIL FROM:<a@b.test>');
        drawn.push((await client.ask('RCPT TO:<bob@example.org>')).startsWith('450'));
        await client.ask('RSET');
      }
    });
    const random = seededRandom(seed);
    const draw = (attempt: number): number =>
      random.fraction('chance', 'mx.example.org', 'domain 0 busy', 'bob@example.org', attempt);
    expect(drawn).toEqual(drawn.map((_, i) => draw(i + 1) < 0.5));
    expect(Math.abs(drawn.filter(Boolean).length - 30)).toBeLessThan(4 * Math.sqrt(15));
  });

  it('a chance at connect is drawn for each connection', async () => {
    const lab = new Lab({ 'example.org': { behaviors: [does('busy', {}, { chance: 0.5 })] } });
    let greetings = '';
    await lab.play(async () => {
      for (let i = 0; i < 40; i++) {
        const client = await lab.dial('example.org');
        greetings += (await client.reply()).startsWith('421') ? 'x' : '.';
        client.socket.destroy();
      }
    });
    expect(greetings).toMatch(/x/);
    expect(greetings).toMatch(/\./);
  });

  it('0 is never, 1 is always', async () => {
    const behaviors = [
      does('nonexistent-user', {}, { share: 0 }),
      does('junk-block', { stage: 'rcpt' }, { chance: 0 }),
      does('busy', { stage: 'rcpt' }, { share: 1, chance: 1 }),
    ];
    expect(await codes({ behaviors }, 'bob', 'bob', 'carol')).toEqual(['450', '450', '450']);
  });

  it('all conditions must hold', async () => {
    const when = { attempts: { from: 2, to: 9 }, until: 3_600_000, share: 1 };
    const lab = new Lab({ 'example.org': { behaviors: [does('busy', { stage: 'rcpt' }, when)] } });
    const seen: string[] = [];
    await lab.play(async () => {
      seen.push(await code(lab, 'bob@example.org'), await code(lab, 'bob@example.org'));
      await lab.sleep(3_600_000);
      seen.push(await code(lab, 'bob@example.org'));
    });
    expect(seen).toEqual(['250', '450', '250']);
  });
});

describe('which behavior', () => {
  it('of a list: the first that does not pass', async () => {
    const behaviors = [
      does('greylist', { for: '1s' }),
      does('mailbox-full', {}, { until: 3_600_000 }),
      does('nonexistent-user'),
    ];
    const lab = new Lab({ 'example.org': { behaviors } });
    const seen: string[] = [];
    await lab.play(async () => {
      seen.push(await code(lab, 'bob@example.org'));
      await lab.sleep(1000);
      seen.push(await code(lab, 'bob@example.org'));
      await lab.sleep(3_600_000);
      seen.push(await code(lab, 'bob@example.org'));
    });
    expect(seen).toEqual(['451', '452', '550']);
  });

  it('`accept` ends the search: later behaviors are not asked', async () => {
    const behaviors = [
      does('accept', { placement: 'junk' }, { attempts: { from: 2, to: 2 } }),
      does('nonexistent-user'),
    ];
    expect(await codes({ behaviors }, 'bob', 'bob', 'bob')).toEqual(['550', '250', '550']);
  });

  it('of a mailbox before those of its domain, which are asked when it passes', async () => {
    const domain = {
      behaviors: [does('busy', { stage: 'rcpt' })],
      mailboxes: {
        bob: [mailboxDoes('nonexistent-user')],
        carol: [mailboxDoes('mailbox-full', {}, { attempts: { from: 1, to: 1 } })],
        dave: [mailboxDoes('accept')],
        erin: [],
      },
    };
    expect(await codes(domain, 'bob', 'carol', 'carol', 'dave', 'erin', 'frank')).toEqual([
      '550',
      '452',
      '450',
      '250',
      '450',
      '450',
    ]);
  });

  it('with a positive code: the first, with its text', async () => {
    const yes = (text: string) => ({ stage: 'rcpt', code: 250, text });
    const behaviors = [does('reply', yes('the domain')), does('reply', yes('too late'))];
    const lab = new Lab({
      'example.org': { behaviors, mailboxes: { dave: [mailboxDoes('reply', yes('the mailbox'))] } },
    });
    await lab.play(async () => {
      const client = await lab.session('example.org');
      await client.ask('MAIL FROM:<a@b.test>');
      expect(await client.ask('RCPT TO:<bob@example.org>')).toBe('250 the domain\r\n');
      expect(await client.ask('RCPT TO:<dave@example.org>')).toBe('250 the mailbox\r\n');
    });
  });

  it('of mailboxes: the first pattern that matches', async () => {
    const mailboxes = {
      'ghost-1': [mailboxDoes('accept')],
      'ghost-*': [mailboxDoes('nonexistent-user')],
      '*': [mailboxDoes('mailbox-full')],
      bob: [mailboxDoes('accept')],
    };
    expect(await codes({ mailboxes }, 'ghost-1', 'GHOST-1', 'ghost-2', 'Ghost-', 'ghost', 'bob')).toEqual([
      '250',
      '250',
      '550',
      '550',
      '452',
      '452',
    ]);
  });

  it('after a silence that ended: the next of the list', async () => {
    const behaviors = [does('unresponsive', { stage: 'rcpt', for: '1m' }), does('mailbox-full')];
    const lab = new Lab({ 'example.org': { behaviors } });
    await lab.play(async () => {
      const client = await lab.session('example.org');
      await client.ask('MAIL FROM:<a@b.test>');
      const asked = lab.clock.now();
      expect(await client.ask('RCPT TO:<bob@example.org>')).toMatch(/^452 /);
      expect(lab.clock.now() - asked).toBe(60_010);
    });
  });
});
