// Reads an events file. A file that is cut off, edited or of another version is refused with the line
// that shows it.

import { BouncelabError } from '../base/errors.js';
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
  if (lines.pop() !== '') throw damaged(file, lines.length + 1, 'the last line is cut off');
  if (lines.length === 0) throw damaged(file, 1, 'the file is empty');
  const events: RunEvent[] = [];
  for (const [index, line] of lines.entries()) {
    const event = parseLine(line, file, index + 1);
    if (event.seq !== index)
      throw damaged(file, index + 1, `event ${index} was expected here, found ${String(event.seq)}`);
    events.push(event);
  }
  const first = events[0]!;
  if (first.type !== 'run.started') throw damaged(file, 1, `it must begin with run.started`);
  const format: number = first.format;
  if (format !== EVENT_FORMAT) {
    throw damaged(file, 1, `it is of event format ${format}; this version reads format ${EVENT_FORMAT}`);
  }
  if (events.at(-1)!.type !== 'run.ended')
    throw damaged(file, lines.length, 'the run did not end: run.ended is missing');
  return events;
}

function parseLine(line: string, file: string, number: number): RunEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw damaged(file, number, 'this line is not JSON');
  }
  if (
    typeof value !== 'object' ||
    value === null ||
    !('seq' in value) ||
    !('t' in value) ||
    !('type' in value)
  ) {
    throw damaged(file, number, 'this line is not an event');
  }
  return value as RunEvent;
}

function damaged(file: string, line: number, what: string): BouncelabError {
  return new BouncelabError('E_EVENTS', `${file}:${line}: ${what}`, {
    location: { file, line, column: 1 },
    hint: 'Run the scenario again to get a complete events file.',
  });
}
