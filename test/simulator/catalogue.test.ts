// Every reply of the catalogue, sent by its name in a scenario and read from both wires as bytes: code,
// enhanced code and lines as in the profile, multi-line form included. The expected bytes are made from
// the files by this test, not by the code under test.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { loadScenarioText } from '../../src/scenarios/load.js';
import { WIRES } from '../../src/scenarios/plan.js';
import { listProfiles, loadProfile } from '../../src/scenarios/fleet/profile-file.js';
import type { DomainPlan } from '../../src/simulator/plan.js';
import { PLACEHOLDERS } from '../../src/simulator/behaviors/profile-words.js';
import { Lab, type RawClient } from './raw-client.js';

const FOLDER = fileURLToPath(new URL('../../profiles/', import.meta.url));

interface Published {
  name: string;
  stage: string;
  code: number;
  enhanced?: string;
  text: string | string[];
}

interface ProfileFile {
  domains?: string[];
  domainsFrom?: number[];
  replies: Record<string, Published & { class: string; stage?: string; source: number }>;
  sources: { title?: string; url?: string; repo?: string; note?: string }[];
}

const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'));
const profiles = files.map((file) => parse(readFileSync(FOLDER + file, 'utf8')) as ProfileFile);
const OF_RECIPIENT = ['user-unknown', 'mailbox-full', 'mailbox-disabled'];
const published: Published[] = profiles.flatMap(({ replies }, index) =>
  Object.entries(replies).map(([key, reply]) => ({
    ...reply,
    name: `${files[index]!.replace('.yaml', '')}/${key}`,
    // Where no source names the stage, the usual stage of its class.
    stage: reply.stage ?? (OF_RECIPIENT.includes(reply.class) ? 'rcpt' : 'message'),
  })),
);

/** Profiles whose lists of domains have no source yet. A list that is added or made longer needs one. */
const WITHOUT_SOURCE: Record<string, number> = {
  'au.yaml': 2,
  'free.yaml': 4,
  'iua.yaml': 2,
  'netease.yaml': 3,
  'qq.yaml': 2,
  'sfr.yaml': 4,
  'spectrum.yaml': 3,
  'zoho.yaml': 2,
};

test.each(files)('the domains of %s have a source', (file) => {
  const { domains = [], domainsFrom, sources } = profiles[files.indexOf(file)]!;
  const named = domains.filter((domain) => !domain.includes('{'));
  expect(new Set(named).size).toBe(named.length);
  if (domainsFrom === undefined) {
    expect(named.length).toBe(named.length > 1 ? WITHOUT_SOURCE[file] : named.length);
    return;
  }
  expect(WITHOUT_SOURCE[file]).toBeUndefined();
  for (const index of domainsFrom)
    expect(sources[index]).toMatchObject({ repo: expect.anything() as unknown });
});

/** Value of each placeholder in the replies of a domain. */
const filled = (domain: string): Record<string, string> => ({
  ip: '127\\.0\\.0\\.1',
  range: '127\\.0\\.0\\.0/24',
  rcpt: '(?:bob|postmaster)@' + domain,
  rcpt_domain: domain,
  mx: `mx\\.${domain}`,
  host: `mx\\.${domain}`,
  id: '[0-9a-f]{16}',
  date: '2026-\\d\\d-\\d\\dT[\\d:.]+Z',
  epoch: '\\d{10}',
  sender: '(?:news@sender\\.test)?',
  from_domain: '(?:sender\\.test)?',
  helo: '(?:sender\\.test)?',
  name: '(?:bob)?',
});

/** The bytes of a published reply as a pattern. */
function pattern({ code, enhanced, text }: Published, domain: string): RegExp {
  const lines = [text].flat();
  const values = filled(domain);
  const source = lines.map((line, index) => {
    const said = Buffer.from(`${enhanced === undefined ? '' : `${enhanced} `}${line}`).toString('latin1');
    const parts = said.split(/\{([^{}]+)\}/);
    const words = parts.map((part, i) => (i % 2 === 0 ? escaped(part) : (values[part] ?? '[^{}\\r\\n]+')));
    return `${code}${index < lines.length - 1 ? '-' : ' '}${words.join('')}\\r\\n`;
  });
  return new RegExp(`^${source.join('')}$`);
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

const STEPS = ['connect', 'ehlo', 'mail', 'rcpt', 'data', 'message'];

/** The reply of a server at a stage. */
async function said(client: RawClient, stage: string, domain: string): Promise<string> {
  const commands = [
    '',
    'EHLO client.test',
    'MAIL FROM:<news@sender.test>',
    `RCPT TO:<bob@${domain}>`,
    'DATA',
    'Subject: hi\r\n\r\nHi\r\n.',
  ];
  for (const [index, step] of STEPS.entries()) {
    if (step !== 'connect') client.write(`${commands[index]}\r\n`);
    const reply = await client.reply();
    if (step === stage) return reply;
    expect(reply, `${step} on the way to ${stage}`).toMatch(/^[23]/);
  }
  throw new Error(`no stage ${stage}`);
}

test('the catalogue has 610 replies of 54 providers', () => {
  expect(files).toHaveLength(54);
  expect(published).toHaveLength(610);
  expect(new Set(published.map(({ name }) => name)).size).toBe(610);
});

test.each(WIRES)(
  'every reply can be sent by its name, and is sent as published, over %s',
  { timeout: 120_000 },
  async (wire) => {
    const fleet = published.map(
      ({ name }, index) => `  d${index}.test: { behaviors: [{ reply: ${name} }] }\n`,
    );
    const text = `name: all of them\nfleet:\n${fleet.join('')}audience: { contacts: [bob@d0.test] }\nmailings: [{ name: news }]\nexpect: [{ at: end, news: { recipients: 1 } }]\n`;
    const { plan, problems } = loadScenarioText('all.yaml', text, { cwd: FOLDER });
    expect(problems).toBeUndefined();
    const lab = new Lab(plan!.fleet as unknown as ConstructorParameters<typeof Lab>[0], { wire });
    const wrong: string[] = [];
    await lab.play(async () => {
      for (const [index, reply] of published.entries()) {
        const domain = `d${index}.test`;
        const client = await lab.dial(domain);
        const bytes = await said(client, reply.stage, domain);
        if (!pattern(reply, domain).test(bytes)) wrong.push(`${reply.name}: ${JSON.stringify(bytes)}`);
        client.socket.destroy();
      }
    });
    expect(wrong).toEqual([]);
  },
);

describe('the files', () => {
  test('all load', () => {
    for (const name of listProfiles()) expect(loadProfile(name, '.', '.'), name).toHaveProperty('profile');
  });

  test('every source has a place to look it up, and is used', () => {
    for (const [index, { sources, replies }] of profiles.entries()) {
      for (const source of sources)
        expect(source.url ?? source.repo ?? source.note, files[index]).toBeDefined();
      for (const { source } of Object.values(replies)) expect(source).toBeLessThan(sources.length);
    }
  });

  test('have no placeholder that cannot be filled', () => {
    const names = published.flatMap(({ text }) =>
      [text].flat().flatMap((line) => line.match(/\{[^{}]+\}/g) ?? []),
    );
    const unknown = names.map((name) => name.slice(1, -1)).filter((name) => !(name in PLACEHOLDERS));
    expect(unknown).toEqual([]);
  });
});

describe('a profile', () => {
  const load = (text: string) =>
    loadScenarioText(
      'p.yaml',
      `name: p\n${text}\nmailings: [{ name: news }]\nexpect: [{ at: end, news: { recipients: 1 } }]\n`,
      { cwd: FOLDER },
    );
  const fleetOf = (domain: string, written: string): Record<string, DomainPlan> => {
    const loaded = load(`fleet: { ${domain}: ${written} }\naudience: { contacts: [bob@${domain}] }`);
    expect(loaded.problems).toBeUndefined();
    return loaded.plan!.fleet;
  };
  const lab = (domain: string, written: string): Lab =>
    new Lab(fleetOf(domain, written) as unknown as ConstructorParameters<typeof Lab>[0]);

  test.each([
    ['yahoo', 'nonexistent-user', 'message', /^554 delivery error: dd This user doesn't have a/],
    ['proofpoint', 'nonexistent-user', 'data', /^550 5\.1\.1 User Unknown/],
    ['gmail', 'nonexistent-user', 'rcpt', /^550-5\.1\.1 The email account/],
    ['gmail', 'mailbox-full', 'rcpt', /^452-4\.2\.2 The recipient's inbox is out of storage/],
    ['gmail', '{ do: mailbox-full, permanent: true }', 'rcpt', /^552-5\.2\.2 The recipient's inbox/],
    ['orange', 'mailbox-full', 'rcpt', /^552 5\.1\.1 Boite du destinataire pleine/],
    ['orange', '{ do: mailbox-full, permanent: false }', 'rcpt', /^452 4\.2\.2 Mailbox full/],
    ['mimecast', 'nonexistent-user', 'rcpt', /^550 Invalid Recipient/],
    ['zerospam', 'greylist', 'rcpt', /^450 4\.2\.0 .*greylisted for 60 seconds by ZEROSPAM/],
  ])('%s says %s at %s in its own words', async (profile, behavior, stage, words) => {
    const at = lab('p.test', `{ profile: ${profile}, behaviors: [${behavior}] }`);
    await at.play(async () => {
      expect(await said(await at.dial('p.test'), stage, 'p.test')).toMatch(words);
    });
  });

  test('greets, and offers what the provider offers', async () => {
    const at = lab('gmail.com', '{ profile: gmail }');
    await at.play(async () => {
      const client = await at.dial('gmail.com');
      expect(await client.reply()).toMatch(/^220 mx\.google\.com ESMTP [0-9a-f]{16} - gsmtp\r\n$/);
      expect(await client.ask('EHLO client.test')).toMatch(/250[ -]SIZE 157286400\r\n/);
    });
  });

  test('has the name of its MX host, which only one domain can have', async () => {
    const hostOf = (fleet: string): Record<string, string[] | undefined> => {
      const loaded = load(`fleet: ${fleet}\naudience: { contacts: [bob@a.test] }`);
      expect(loaded.problems).toBeUndefined();
      const domains = Object.entries(loaded.plan!.fleet);
      return Object.fromEntries(domains.map(([name, { hosts }]) => [name, hosts?.map((host) => host.name)]));
    };
    const google = 'gmail-smtp-in.l.google.com';
    expect(hostOf('{ a.test: { profile: gmail }, b.test: { profile: gmail } }')).toEqual({
      'a.test': [google],
      'b.test': undefined,
    });
    expect(hostOf(`{ b.test: { hosts: [{ name: ${google} }] }, a.test: { profile: gmail } }`)).toMatchObject({
      'a.test': undefined,
    });
    // A provider with a name for each customer, and another domain that has that name.
    expect(hostOf('{ a.test: { profile: proofpoint } }')).toEqual({ 'a.test': undefined });
    expect(hostOf('{ a.test: { profile: kpn }, kpnmail.nl: {} }')).toMatchObject({ 'a.test': undefined });

    const at = lab('a.test', '{ profile: yahoo }');
    await at.play(async () => {
      expect(await (await at.dialHost('mta5.am0.yahoodns.net')).reply()).toBe(
        '220 mta5.am0.yahoodns.net ESMTP ready\r\n',
      );
    });
  });

  test('does not offer what the provider does not', async () => {
    const other = lab('q.test', '{ profile: qmail }');
    await other.play(async () => {
      const client = await other.dial('q.test');
      await client.reply();
      expect(await client.ask('EHLO client.test')).not.toContain('SMTPUTF8');
    });
  });

  test('greets in several lines where the provider does', async () => {
    const at = lab('laposte.net', '{ profile: laposte }');
    await at.play(async () => {
      expect(await (await at.dial('laposte.net')).reply()).toMatch(/^220-laposte\r\n220 .*\r\n$/);
    });
  });

  test.each([
    [
      'fleet: { a.test: { profile: yaho } }\naudience: { contacts: [bob@a.test] }',
      'unknown profile `yaho`',
      'did you mean `yahoo`?',
    ],
    [
      'fleet: { a.test: { profile: ./gone.yaml } }\naudience: { contacts: [bob@a.test] }',
      'there is no profile file',
      'relative to the scenario',
    ],
    [
      'fleet: { a.test: { behaviors: [{ reply: yahoo/mailbx-full }] } }\naudience: { contacts: [bob@a.test] }',
      'yahoo has no reply `mailbx-full`',
      'did you mean `mailbox-full',
    ],
    [
      'fleet: { a.test: { behaviors: [{ reply: yaho/mailbox-full }] } }\naudience: { contacts: [bob@a.test] }',
      'no provider `yaho`',
      'did you mean `yahoo`?',
    ],
    [
      'fleet: { a.test: { mailboxes: { bob: { reply: gmail/server-busy } } } }\naudience: { contacts: [bob@a.test] }',
      'cannot act at',
      'stage: rcpt',
    ],
  ])('that cannot be: %s', (text, message, hint) => {
    const { problems } = load(text);
    expect(problems![0]!.message).toContain(message);
    expect(problems![0]!.hint).toContain(hint);
  });
});
