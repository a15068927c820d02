// The JSON Schemas that editors use: they are up to date and agree with the loader.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import {
  jsonSchema,
  policyJsonSchema,
  SCHEMA_NAMES,
  scenarioJsonSchema,
  staleSchemas,
  writeSchemas,
} from '../../src/scenarios/schema/json-schema.js';
import { findScenarios } from '../../src/suite/find.js';
import { listPolicies } from '../../src/policy/policy-file.js';
import { BEHAVIORS } from '../../src/simulator/behaviors/index.js';
import { scenario } from './load-scratch.js';

const folder = mkdtempSync(join(tmpdir(), 'bouncelab-schema-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const root = new URL('../../', import.meta.url).pathname;
const read = (path: string) => readFileSync(join(root, path), 'utf8');

type Node = Record<string, unknown>;
const schema = scenarioJsonSchema() as Node;
const definitions = schema['definitions'] as Record<string, Node>;

const ofScenario = z.fromJSONSchema(schema);
const ofPolicy = z.fromJSONSchema(policyJsonSchema());
const accepts = (text: string) => ofScenario.safeParse(parse(text, { merge: true })).success;

describe('the schema files', () => {
  it('are up to date', () => {
    expect(staleSchemas()).toEqual([]);
  });

  it('are written, and found stale when they differ or are missing', () => {
    expect(staleSchemas(folder)).toEqual([...SCHEMA_NAMES]);
    expect(writeSchemas(folder)).toEqual([...SCHEMA_NAMES].map((name) => `${folder}/${name}.schema.json`));
    expect(staleSchemas(`${folder}/`)).toEqual([]);
    writeFileSync(join(folder, 'policy.schema.json'), `${jsonSchema('policy')} `);
    expect(staleSchemas(folder)).toEqual(['policy']);
  });

  it.each(SCHEMA_NAMES)('are draft 7, formatted, and end with a line feed: %s', (name) => {
    const text = jsonSchema(name);
    expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
    expect(JSON.parse(text)).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      additionalProperties: false,
    });
  });

  it('define every reference', () => {
    for (const name of SCHEMA_NAMES) {
      const known = Object.keys((JSON.parse(jsonSchema(name)) as Node)['definitions'] ?? {});
      for (const [, reference] of jsonSchema(name).matchAll(/"\$ref": "#\/definitions\/([^"]+)"/g))
        expect(known).toContain(reference);
    }
  });
});

describe('the schema of a scenario', () => {
  it('accepts every shipped scenario and the one with every key', () => {
    const { files } = findScenarios(['scenarios', 'test/fixtures/load/full.yaml'], root);
    expect(files.length).toBeGreaterThan(25);
    expect(files.filter((file) => !accepts(read(file)))).toEqual([]);
  });

  it.each([
    ['an unknown key', 'tagz: []'],
    ['a wrong kind', 'tags: outage'],
    ['a duration without unit', 'network: { latency: 20 }'],
    ['an unknown event', 'events: [{ at: 1h, explode: bob@example.org }]'],
    ['an event that does two things', 'events: [{ at: 1h, opt-out: bob@example.org, add: zoe@example.org }]'],
    ['an inline policy with an unknown key', 'policy: { retri: {} }'],
  ])('refuses %s', (_what, more) => {
    expect(accepts(scenario())).toBe(true);
    expect(accepts(scenario({ more }))).toBe(false);
  });

  it.each([
    ['busy', true],
    ['{ do: busy, stage: rcpt, until: 1h }', true],
    ['{ reply: { stage: rcpt, code: 550 }, chance: 10% }', true],
    ['bussy', false],
    ['{ do: bussy }', false],
    ['{ do: junk-block, stage: starttls }', false],
    ['{ do: down, stage: rcpt }', false],
    ['{ do: busy, until: soon }', false],
    ['{ do: mailbox-full, code: 552 }', false],
    ['{ stage: rcpt }', false],
  ])('accepts the behavior %s: %s', (behavior, expected) => {
    expect(accepts(scenario({ fleet: `fleet: { example.org: { behaviors: [${behavior}] } }` }))).toBe(
      expected,
    );
    expect(accepts(scenario({ fleet: `fleet: { example.org: { mailboxes: { bob: ${behavior} } } }` }))).toBe(
      expected,
    );
    expect(
      accepts(scenario({ more: `events: [{ at: 1h, set: example.org, behaviors: [${behavior}] }]` })),
    ).toBe(expected);
    if (behavior.startsWith('{')) {
      expect(accepts(scenario({ more: `events: [{ at: 1h, set: example.org, ${behavior.slice(1)}]` }))).toBe(
        expected,
      );
    }
  });

  it('completes each behavior by its name, with its parameters and its summary', () => {
    const objects = (definitions['behavior']!['anyOf'] as Node[]).filter(
      (option) => option['type'] === 'object',
    );
    for (const { name, summary, parameters } of BEHAVIORS.values()) {
      const option = objects.find(
        ({ properties }) => ((properties as Node)['do'] as Node | undefined)?.['const'] === name,
      );
      expect(option, name).toMatchObject({
        description: summary,
        required: expect.arrayContaining(['do']) as unknown,
      });
      const keys = [
        ...Object.keys(parameters.shape),
        'do',
        'during',
        'from',
        'until',
        'attempts',
        'family',
        'share',
        'chance',
      ];
      expect(Object.keys(option!['properties'] as Node).sort()).toEqual(keys.sort());
    }
  });

  it('describes every key', () => {
    const silent: string[] = [];
    walk(schema, [], (node, path) => {
      for (const [key, value] of Object.entries(
        (node['properties'] as Record<string, Node> | undefined) ?? {},
      )) {
        const target = '$ref' in value ? definitions[String(value['$ref']).split('/').at(-1)!]! : value;
        if (target['description'] === undefined) silent.push([...path, key].join('.'));
      }
    });
    // These names need no description, or it is at the mapping that they belong to.
    expect(
      silent.filter(
        (path) => !/\.(?:soft|hard|inbox|junk|discarded|returned|active|error|opt-out|status)$/.test(path),
      ),
    ).toEqual([]);
  });

  it('shows durations as they are written, including defaults', () => {
    const greylist = (definitions['behavior']!['anyOf'] as Node[]).find(
      ({ properties }) =>
        ((properties as Node | undefined)?.['do'] as Node | undefined)?.['const'] === 'greylist',
    );
    expect((greylist!['properties'] as Node)['for']).toMatchObject({ default: '5m' });
    expect(definitions['mailing']).toMatchObject({
      properties: { at: { default: '0h' }, building: { default: '5s' } },
    });
  });
});

describe('the schema of a policy', () => {
  it.each(listPolicies())('accepts %s', (name) => {
    expect(ofPolicy.safeParse(parse(read(`policies/${name}.yaml`))).success).toBe(true);
  });

  it('has the values of emma as defaults', () => {
    expect(policyJsonSchema()).toMatchObject({
      properties: {
        retry: {
          properties: {
            interval: { default: '30m' },
            window: { default: '30h' },
            windowFrom: { default: 'mailing-start' },
          },
        },
        bounce: { properties: { softBouncesToError: { default: 4 }, hard: { default: 'any-5xx' } } },
      },
    });
  });

  it('refuses what the loader refuses', () => {
    for (const wrong of [
      { nmae: 'x' },
      { retry: { interval: 30 } },
      { retry: { attempts: 0 } },
      { bounce: { hard: 'all' } },
    ]) {
      expect(ofPolicy.safeParse(wrong).success).toBe(false);
    }
  });
});

function walk(node: unknown, path: string[], visit: (node: Node, path: string[]) => void): void {
  if (typeof node !== 'object' || node === null) return;
  visit(node as Node, path);
  for (const [key, value] of Object.entries(node)) walk(value, [...path, key], visit);
}
