// The limits of `throttle`: what counts, for which client, and when the count starts again.

import { describe, expect, it } from 'vitest';
import { loadScenarioText } from '../../src/scenarios/load.js';
import { code, does, Lab, mailboxDoes, type FleetDomain } from './raw-client.js';

const HOUR_MS = 3_600_000;

function hosts(domain: FleetDomain): Lab {
  return new Lab({ 'example.org': domain, 'other.test': domain });
}

describe('rate', () => {
  it('counts accepted messages, for an hour from the first', async () => {
    const lab = hosts({ behaviors: [does('throttle', { rate: '3/h' })] });
    const codes: string[] = [];
    await lab.play(async () => {
      const client = await lab.session('example.org');
      const first = lab.clock.now() + 5;
      const at = async (time: number): Promise<void> => {
        await lab.sleep(first + time - 5 - lab.clock.now());
        codes.push((await client.ask('MAIL FROM:<a@b.test>')).slice(0, 3));
        await client.ask('RSET');
      };
      // The hour is that of the first; the refused ones do not make it longer, nor count.
      for (const time of [0, 60_000, HOUR_MS / 2, HOUR_MS / 2 + 100, HOUR_MS - 1]) {
        if (time === HOUR_MS - 1) await client.ask('NOOP');
        for (let rest = first + time - lab.clock.now(); rest > 200_000; rest -= 200_000) {
          await lab.sleep(200_000);
          await client.ask('NOOP');
        }
        await at(time);
      }
      await at(HOUR_MS + 50);
      await at(HOUR_MS + 100);
      await at(HOUR_MS + 150);
      await at(HOUR_MS + 200);
    });
    expect(codes).toEqual(['250', '250', '250', '451', '451', '250', '250', '250', '451']);
  });

  it('is counted separately by each host', async () => {
    const lab = hosts({ behaviors: [does('throttle', { rate: '1/h' })] });
    await lab.play(async () => {
      expect(await code(lab, 'bob@example.org')).toBe('250');
      expect(await code(lab, 'bob@other.test')).toBe('250');
      expect(await code(lab, 'bob@example.org')).toBe('451');
      expect(await code(lab, 'bob@other.test')).toBe('451');
    });
  });

  it('of a mailbox counts the messages of that mailbox alone, also behind a pattern', async () => {
    const lab = hosts({ mailboxes: { 'fan-*': [mailboxDoes('throttle', { rate: '1/h' })] } });
    await lab.play(async () => {
      expect(await code(lab, 'fan-1@example.org')).toBe('250');
      expect(await code(lab, 'fan-2@example.org')).toBe('250');
      expect(await code(lab, 'FAN-1@example.org')).toBe('450');
      expect(await code(lab, 'bob@example.org')).toBe('250');
      await lab.sleep(HOUR_MS);
      expect(await code(lab, 'fan-1@example.org')).toBe('250');
    });
  });
});

describe('connections', () => {
  it('counts open ones: a closed one makes room, a refused one takes none', async () => {
    const lab = hosts({ behaviors: [does('throttle', { connections: 2 })] });
    await lab.play(async () => {
      const first = await lab.session('example.org');
      await lab.session('example.org');
      for (let i = 0; i < 3; i++) {
        const refused = await lab.dial('example.org');
        expect(await refused.reply()).toMatch(/^421 4\.7\.0 /);
      }
      // Another host counts separately.
      await lab.session('other.test');
      first.socket.destroy();
      await lab.sleep(20);
      const next = await lab.dial('example.org');
      expect(await next.reply()).toMatch(/^220 /);
      next.socket.resetAndDestroy();
      await lab.sleep(20);
      expect(await (await lab.dial('example.org')).reply()).toMatch(/^220 /);
      expect(await (await lab.dial('example.org')).reply()).toMatch(/^421 /);
    });
  });

  it('counts in time: a hundred that dial at once', async () => {
    const lab = hosts({ behaviors: [does('throttle', { connections: 5 })] });
    await lab.play(async () => {
      const clients = await Promise.all(Array.from({ length: 100 }, () => lab.dial('example.org')));
      const greetings = await Promise.all(clients.map((client) => client.reply()));
      expect(greetings.map((greeting) => greeting.slice(0, 3))).toEqual([
        ...Array<string>(5).fill('220'),
        ...Array<string>(95).fill('421'),
      ]);
    });
  });
});

it('messagesPerConnection counts messages, not aborted transactions', async () => {
  const lab = hosts({ behaviors: [does('throttle', { messagesPerConnection: 2 })] });
  await lab.play(async () => {
    const client = await lab.session('example.org');
    for (let i = 0; i < 5; i++) {
      expect(await client.ask('MAIL FROM:<a@b.test>')).toMatch(/^250 /);
      await client.ask('RSET');
    }
    for (let i = 0; i < 2; i++) expect((await client.transaction('bob@example.org')).at(-1)).toMatch(/^250 /);
    expect(await client.ask('MAIL FROM:<a@b.test>')).toMatch(/^421 4\.7\.0 /);
    await client.closed();
    expect(await code(lab, 'bob@example.org')).toBe('250');
  });
});

it('recipientsPerHour counts recipients of all messages, and starts again after its hour', async () => {
  const lab = hosts({ behaviors: [does('throttle', { recipientsPerHour: 3 })] });
  await lab.play(async () => {
    const client = await lab.session('example.org');
    await client.ask('MAIL FROM:<a@b.test>');
    const codes: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      codes.push((await client.ask(`RCPT TO:<${name}@example.org>`)).slice(0, 9));
    }
    expect(codes).toEqual(['250 Accep', '250 Accep', '250 Accep', '452 4.5.3']);
    await lab.sleep(HOUR_MS);
    expect(await code(lab, 'd@example.org')).toBe('250');
  });
});

it('a profile chooses the reply, with the same class of code', async () => {
  const { Host } = await import('../../src/simulator/host/host.js');
  const asked: unknown[] = [];
  const lab = hosts({});
  const host = new Host({
    domain: 'example.org',
    name: 'mx.example.org',
    addresses: { v4: '127.9.9.9' },
    plan: {
      behaviors: [does('throttle', { connections: 1 }), does('mailbox-full', { permanent: true })],
      mailboxes: [],
    },
    clock: lab.clock,
    random: { fraction: () => 0 },
    emit: () => undefined,
    nextSession: () => 1,
    sendBack: () => undefined,
    words: ({ cause, permanent, point }) => {
      asked.push([cause, permanent, point]);
      return { code: 552, lines: ['Over quota, says the provider'] };
    },
  });
  const situation = { client: '127.0.0.1', sender: '', recipient: 'bob@example.org', attempt: 1 };
  const verdicts = [...host.decide('rcpt', { ...situation, isHelo: false, size: 0, messages: 0 })];
  expect(verdicts).toEqual([
    { kind: 'reply', reply: { code: 552, lines: ['Over quota, says the provider'] } },
  ]);
  expect(asked).toEqual([['mailbox-full', true, 'rcpt']]);
});

describe('of one host among several', () => {
  const load = (behavior: string) =>
    loadScenarioText(
      'host.yaml',
      `name: host\nfleet: { example.org: { hosts: [{ name: mx1, behaviors: [${behavior}] }, { name: mx2, preference: 20 }] } }\n` +
        'audience: { contacts: [bob@example.org] }\nmailings: [{ name: news }]\nexpect: [{ at: end, news: { recipients: 1 } }]\n',
      { cwd: '.' },
    );
  const labOf = (behavior: string): Lab => {
    const { plan, problems } = load(behavior);
    expect(problems).toBeUndefined();
    return new Lab(plan!.fleet as unknown as ConstructorParameters<typeof Lab>[0]);
  };
  const mail = async (lab: Lab, host: string, args = ''): Promise<string> =>
    (await (await lab.sessionAt(`${host}.example.org`)).ask(`MAIL FROM:<a@b.test>${args}`)).slice(0, 3);

  it('a rate is enforced by that host', async () => {
    const lab = labOf('{ do: throttle, rate: 1/h }');
    await lab.play(async () => {
      expect(await mail(lab, 'mx1')).toBe('250');
      expect(await mail(lab, 'mx1')).toBe('451');
      expect(await mail(lab, 'mx2')).toBe('250');
      expect(await mail(lab, 'mx2')).toBe('250');
    });
  });

  it('a number of connections and of recipients too', async () => {
    const lab = labOf('{ do: throttle, connections: 1, recipientsPerHour: 1 }');
    await lab.play(async () => {
      const first = await lab.sessionAt('mx1.example.org');
      expect(await (await lab.dialHost('mx1.example.org')).reply()).toMatch(/^421 4\.7\.0 /);
      expect(await (await lab.dialHost('mx2.example.org')).reply()).toMatch(/^220 /);
      await first.ask('MAIL FROM:<a@b.test>');
      expect(await first.ask('RCPT TO:<bob@example.org>')).toMatch(/^250 /);
      expect(await first.ask('RCPT TO:<eve@example.org>')).toMatch(/^452 4\.5\.3 /);
    });
  });

  it('a size is enforced at MAIL', async () => {
    const lab = labOf('{ do: too-big, limit: 1000b }');
    await lab.play(async () => {
      expect(await mail(lab, 'mx1', ' SIZE=1001')).toBe('552');
      expect(await mail(lab, 'mx2', ' SIZE=1001')).toBe('250');
    });
  });

  it('a size cannot be combined with a chance', () => {
    expect(load('{ do: too-big, limit: 1000b, chance: 50% }').problems![0]!.message).toContain(
      '`chance` cannot work for `too-big` of a whole host',
    );
  });

  it('a refused STARTTLS hides no later behavior', () => {
    expect(load('{ do: tls-broken }, { do: busy, stage: mail }').problems).toBeUndefined();
  });
});
