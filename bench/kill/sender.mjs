// The process that is killed: a sender with a store, in real time, over TCP. Started again, it makes the same
// calls and continues from the state in the store.

import net from 'node:net';
import { createSender, loopbackOnly, openSqliteStore } from '../../dist/index.js';

const [file, port, contacts, generation, outlives] = process.argv.slice(2);

const sender = createSender({
  store: await openSqliteStore(file, { outlives }),
  policy: new URL('policy.yaml', import.meta.url).pathname,
  clientName: `generation-${generation}`,
  resolver: {
    resolveMx: () => Promise.resolve([{ exchange: 'mx.example.org', preference: 0 }]),
    resolve4: () => Promise.resolve(['127.0.0.1']),
  },
  dialer: loopbackOnly({ dial: (address) => net.connect({ host: address, port: Number(port) }) }),
  onEvent: (event) => {
    if (event.type === 'sender.restarted') process.stdout.write(`restarted ${JSON.stringify(event)}\n`);
  },
});
for (let n = 1; n <= Number(contacts); n++) sender.addContact({ address: `reader-${n}@example.org` });
sender.send({ name: 'november', message: { subject: 'News', text: 'Hello' }, buildingMs: 20 });
await sender.completed('november');
await sender.stop();
