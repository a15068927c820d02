// Reading an events file in pieces: the same events as reading it whole, the same refusals of a damaged
// file, and the lines of one contact without parsing the others.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { linesWith, readEventsFile, type ReadEventsFileOptions } from '../../src/events/events-file.js';
import { KnownTexts } from '../../src/events/known-texts.js';
import { parseEvents } from '../../src/events/ndjson.js';
import type { RunEvent } from '../../src/events/types.js';
import { audienceOf, contactEvents } from '../../src/results/view/contact-events.js';
import { ViewFold } from '../../src/results/view/fold.js';
import { readers } from '../support/plans.js';
import { run } from '../support/runs.js';

const folder = mkdtempSync(join(tmpdir(), 'bouncelab-events-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function fileOf(text: string): string {
  const path = join(folder, `${files++}.ndjson`);
  writeFileSync(path, text);
  return path;
}

const textOf = (events: readonly RunEvent[]): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join('');

function collect(text: string, options?: ReadEventsFileOptions): RunEvent[] {
  return [...readEventsFile(fileOf(text), 'events.ndjson', options)];
}

const played = run({
  fleet: {
    'example.org': { behaviors: [{ do: 'busy', until: 20 * 60_000 }] },
    'example.net': { mailboxes: { 'reader-3': { do: 'nonexistent-user' } } },
  },
  contacts: [...readers(40), ...readers(40, 'example.net')],
}).then(({ events }) => events.all);

describe('readEventsFile', () => {
  it('gives what parseEvents gives, across the pieces that are read', async () => {
    const events = await played;
    // A line that is longer than two pieces, with characters of several bytes.
    const long = { seq: events.length - 1, t: events.at(-1)!.t, type: 'comet', tail: 'ü☄'.repeat(600_000) };
    const more = [...events.slice(0, -1), long, { ...events.at(-1)!, seq: events.length }] as RunEvent[];
    const text = textOf(more);
    expect(collect(text)).toEqual(parseEvents(text, 'e'));
  });

  it('gives the wanted events only', async () => {
    const events = await played;
    const wants: ReadEventsFileOptions['wants'] = (head) => head.session === 2;
    const expected = events.filter((event) => 'session' in event && event.session === 2);
    expect(expected.length).toBeGreaterThan(2);
    expect(collect(textOf(events), { wants })).toEqual(expected);
  });

  it.each<[name: string, damage: (lines: string[]) => string, message: string]>([
    ['empty', () => '', 'events.ndjson:1: the file is empty'],
    ['cut off in its last line', (lines) => lines.join('\n').slice(0, -5), 'the last line is cut off'],
    ['without its last line', (lines) => `${lines.slice(0, -1).join('\n')}\n`, 'the run did not end'],
    [
      'without a line in the middle',
      (lines) => `${lines.filter((_, index) => index !== 5).join('\n')}\n`,
      'events.ndjson:6: event 5 was expected here, found 6',
    ],
    [
      'with a line that is no event',
      (lines) => `${lines.map((line, index) => (index === 7 ? 'x' : line)).join('\n')}\n`,
      'events.ndjson:8: this line is not JSON',
    ],
    [
      'of another format',
      (lines) => `${lines.join('\n').replace('"format":1', '"format":9')}\n`,
      'it is of event format 9',
    ],
  ])('refuses a file %s, also where no line is wanted', async (_name, damage, message) => {
    const text = damage(
      textOf(await played)
        .trimEnd()
        .split('\n'),
    );
    expect(() => collect(text)).toThrow(message);
    expect(() => collect(text, { wants: () => false })).toThrow(message);
  });

  it('takes a file that is cut off up to its last whole line, if it is told to', async () => {
    const events = await played;
    const text = textOf(events);
    const cutOff = { bytesMax: Infinity };
    expect(collect(text.slice(0, -5), { cutOff })).toEqual(events.slice(0, -1));
    expect(collect('', { cutOff })).toEqual([]);
    const first = textOf(events.slice(0, 3));
    expect(collect(text, { cutOff: { bytesMax: first.length + 3 } })).toEqual(events.slice(0, 3));
  });
});

it('linesWith gives each line with the text once', () => {
  const lines = [...linesWith(fileOf('a one\nb\nb one, one\none'), 'one')];
  expect(lines).toEqual(['a one', 'b one, one']);
});

describe('strings that occur again and again', () => {
  const read = (texts: KnownTexts, json: string): string | undefined => {
    const bytes = Buffer.from(`"seq":0,${json},"state"`);
    return texts.read(bytes, 9, bytes.length);
  };

  it('are read as JSON reads them, those with the same hash too', () => {
    const texts = new KnownTexts();
    for (const text of ['Aa', 'BB', 'Aa', 'BB', '', 'november', 'ü☄', 'Aa']) {
      expect(read(texts, `"${text}"`)).toBe(text);
      expect(texts.end).toBe(10 + Buffer.byteLength(text));
    }
  });

  it.each([String.raw`"a\"b"`, '"not ended'])(
    'with an escape or without an end are left to the parser: %s',
    (json) => {
      expect(new KnownTexts().read(Buffer.from(json), 1, json.length)).toBeUndefined();
    },
  );
});

describe('the events of one contact', () => {
  it.each(['reader-7@example.org', 'reader-3@example.net'])('tell the same story of %s', async (address) => {
    const events = await played;
    const whole = new ViewFold({ only: address });
    for (const event of events) whole.read(event);
    const few = new ViewFold({ only: address });
    let count = 0;
    for (const event of contactEvents(fileOf(textOf(events)), 'e', address)) {
      few.read(event);
      count++;
    }
    const story = ({
      contacts,
      attempts,
      strings,
      dialogues,
      journeys,
      mailings,
    }: ViewFold['result']): unknown => ({
      curves: mailings.map(({ name, curve }) => ({ name, curve })),
      contacts,
      attempts,
      strings,
      dialogues,
      journeys,
    });
    expect(story(few.result)).toEqual(story(whole.result));
    expect(few.result.contacts).toHaveLength(1);
    expect(count).toBeLessThan(events.length);
  });

  it('makes the deliveries of the others without parsing them', async () => {
    const events = await played;
    const parse = vi.spyOn(JSON, 'parse');
    for (const event of contactEvents(fileOf(textOf(events)), 'e', 'reader-7@example.org')) void event;
    const deliveries = parse.mock.calls.filter(([line]) => /"type":"delivery/.test(String(line)));
    parse.mockRestore();
    expect(deliveries).toHaveLength(2);
  });

  it.each(['a "quoted" mailing', 'größer'])('follow the curve of %s', async (name) => {
    const { events } = await run({
      fleet: { 'example.org': { behaviors: [{ do: 'mailbox-full' }] } },
      contacts: readers(5),
      mailings: [{ name }],
    });
    const whole = new ViewFold();
    for (const event of events.all) whole.read(event);
    const few = new ViewFold();
    for (const event of contactEvents(fileOf(textOf(events.all)), 'e', 'reader-3@example.org'))
      few.read(event);
    const [expected] = whole.result.mailings;
    expect(few.result.mailings[0]).toMatchObject({ name, curve: expected!.curve });
    expect(Math.max(...expected!.curve.inProgress)).toBe(5);
  });

  it('audienceOf gives the contacts in their order', async () => {
    const addresses = [...audienceOf(fileOf(textOf(await played)), 'e')];
    expect(addresses).toEqual([...readers(40), ...readers(40, 'example.net')]);
  });
});
