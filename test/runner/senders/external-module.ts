// Modules of external senders, and a command that plays them, for the tests of this folder.

import { afterAll } from 'vitest';
import { Workplace } from '../../cli/harness.js';

const places: Workplace[] = [];
afterAll(() => {
  for (const place of places) place.remove();
});

/** A folder that is removed after the tests. */
export function workplace(): Workplace {
  const place = new Workplace();
  places.push(place);
  return place;
}

export const SCENARIO = `name: one contact
fleet: { example.org: {} }
audience: { contacts: [bob@example.org] }
mailings: [{ name: november }]
expect:
  - at: end
    november: { seen: { bob@example.org: 1 }, delivered: 1, state: completed }
`;

/** A module around the body of `createSender`; `say` opens a connection and speaks SMTP. */
export const moduleText = (body: string): string => `
export function createSender(ports) {
  const { dial, report, resolveMx, resolve4 } = ports;
  const say = (socket, from, to) => new Promise((resolve, reject) => {
    const lines = ['EHLO me.example', 'MAIL FROM:<' + from + '>', 'RCPT TO:<' + to + '>', 'DATA', 'Subject: hi\\r\\n\\r\\nhi\\r\\n.', 'QUIT'];
    socket.on('data', (chunk) => {
      if (/^\\d{3} /m.test(String(chunk)) && lines.length > 0) socket.write(lines.shift() + '\\r\\n');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
  const mail = async (name, to) => {
    const [{ exchange }] = await resolveMx(to.split('@')[1]);
    const [address] = await resolve4(exchange);
    await say(dial(address), 'me@me.example', to);
    report.delivered(name, to);
  };
  ${body}
}
`;

export async function play(
  modules: Record<string, string>,
  argv: string[],
  scenarios: Record<string, string> = { 'a.yaml': SCENARIO },
) {
  const place = workplace();
  place.write({ 'package.json': '{ "type": "module" }', ...modules, ...scenarios });
  const ran = await place.run(['run', ...argv]);
  return { ...ran, run: ran.code <= 1 || ran.code === 5 ? place.lastRun() : undefined };
}

export const playOne = (body: string, argv: string[] = []) =>
  play({ 'mine.js': moduleText(body) }, ['a.yaml', '--sender', 'mine.js', '--timeout', '5s', ...argv]);
