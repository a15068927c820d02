// Reads an events file. A file that is cut off, edited or of another version is refused with the line
// that shows it.

import { BouncelabError } from '../base/errors.js';
import { wrongField } from './shape.js';
import type { RunEvent } from './types.js';

/** Version of the event format this program writes and reads. */
export const EVENT_FORMAT = 1;

/**
 * @param text a whole NDJSON file, one event a line
 * @param file its name, for errors
 * @throws BouncelabError E_EVENTS with the line
 */
export function parseEvents(text: string, file: string): RunEvent[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw damagedEvents(file, lines.length + 1, 'the last line is cut off');
  if (lines.length === 0) throw damagedEvents(file, 1, 'the file is empty');
  const events = lines.map((line, index) => parseEventLine(line, file, index));
  checkFirst(events[0]!, file);
  checkLast(events.at(-1)!.type, file, lines.length);
  return events;
}

/** @throws BouncelabError E_EVENTS unless this is how a run of this version begins */
export function checkFirst(first: RunEvent, file: string): void {
  if (first.type !== 'run.started') throw damagedEvents(file, 1, `it must begin with run.started`);
  const format: number = first.format;
  if (format !== EVENT_FORMAT) {
    throw damagedEvents(
      file,
      1,
      `it is of event format ${format}; this version reads format ${EVENT_FORMAT}`,
    );
  }
}

/** @throws BouncelabError E_EVENTS unless the last event, of the type `last`, is the end of a run */
export function checkLast(last: string | undefined, file: string, lines: number): void {
  if (last !== 'run.ended') throw damagedEvents(file, lines, 'the run did not end: run.ended is missing');
}

/** @param seq number that the event must have, from 0 @throws BouncelabError E_EVENTS */
export function parseEventLine(line: string, file: string, seq: number): RunEvent {
  const event = parseLine(line, file, seq + 1);
  if (event.seq !== seq) throw unexpectedEvent(file, seq, event.seq);
  return event;
}

/** A line is missing, or stands at another place. */
export function unexpectedEvent(file: string, expected: number, found: unknown): BouncelabError {
  return damagedEvents(file, expected + 1, `event ${expected} was expected here, found ${String(found)}`);
}

function parseLine(line: string, file: string, number: number): RunEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw damagedEvents(file, number, 'this line is not JSON');
  }
  if (
    typeof value !== 'object' ||
    value === null ||
    !('seq' in value) ||
    !('t' in value) ||
    !('type' in value)
  ) {
    throw damagedEvents(file, number, 'this line is not an event');
  }
  const field = wrongField(value);
  if (field !== undefined)
    throw damagedEvents(
      file,
      number,
      `this event is damaged: its \`${field}\` is missing or not what it should be`,
    );
  return value as RunEvent;
}

/** A file of events that this program cannot have written to its end. */
export function damagedEvents(file: string, line: number, what: string): BouncelabError {
  return new BouncelabError('E_EVENTS', `${file}:${line}: ${what}`, {
    location: { file, line, column: 1 },
    hint: 'Run the scenario again to get a complete events file.',
  });
}
