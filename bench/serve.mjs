// `npm run bench:serve`: how many messages a live fleet takes over TCP, as ratios to smtp-server alone and to
// Postfix's smtp-sink in the same run, and what 2,000 open connections cost. `smtp-source` sends; it and smtp-sink
// are part of Postfix. Slow results do not fail the command.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROUNDS = 5;
const SESSIONS = 20;
const MESSAGES = { reused: 10_000, 'one each': 4000 };
const HELD = 2000;
const HELD_MS = 60_000;

const SINK = '/usr/sbin/smtp-sink';
const SOURCE = '/usr/sbin/smtp-source';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server and waits until it accepts connections. */
async function start(name, commandOf) {
  const port = await freePort();
  const [command, ...args] = commandOf(port);
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  for (;;) {
    const socket = net.connect(port, '127.0.0.1');
    const isUp = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return { name, port, child };
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
    await sleep(50);
  }
}

const servers = [
  await start('bouncelab serve', (port) => [
    process.execPath,
    ...[here('../dist/cli/main.js'), 'serve', '--host-port', `default=${port}`, '--by-port'],
  ]),
  await start('smtp-server', (port) => [process.execPath, here('serve/bare.mjs'), String(port)]),
];
const canCompare = existsSync(SINK) && existsSync(SOURCE);
if (canCompare) {
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  servers.push(await start('smtp-sink', (port) => [SINK, ...user, `127.0.0.1:${port}`, '1024']));
}

/** CPU time of a process until now, ms. */
function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function send({ port, child }, how) {
  const count = MESSAGES[how];
  const args = [...(how === 'reused' ? ['-d'] : []), '-s', SESSIONS, '-m', count, '-l', '1000'];
  const before = cpuMs(child.pid);
  const from = process.hrtime.bigint();
  const done = spawnSync(SOURCE, [...args.map(String), '-t', 'bob@example.org', `127.0.0.1:${port}`]);
  if (done.status !== 0) throw new Error(`smtp-source: ${done.stderr}`);
  const wallMs = Number(process.hrtime.bigint() - from) / 1e6;
  return { rate: (count / wallMs) * 1000, cpuUs: ((cpuMs(child.pid) - before) * 1000) / count };
}

if (canCompare) {
  for (const how of Object.keys(MESSAGES)) {
    const rates = servers.map(() => []);
    const costs = servers.map(() => []);
    for (let round = -1; round < ROUNDS; round++) {
      for (const [index, server] of servers.entries()) {
        const { rate, cpuUs } = send(server, how);
        if (round < 0) continue;
        rates[index].push(rate);
        costs[index].push(cpuUs);
      }
    }
    console.log(
      `${MESSAGES[how]} messages on ${SESSIONS} sessions, connections ${how}, medians of ${ROUNDS} rounds`,
    );
    for (const [index, { name }] of servers.entries()) {
      const rate = `${Math.round(median(rates[index])).toLocaleString('en-US')}/s`;
      const ratio = median(rates[0].map((own, round) => own / rates[index][round])).toFixed(2);
      const cost = `${Math.round(median(costs[index]))} µs of CPU each`;
      console.log(`  ${name.padEnd(16)} ${rate.padStart(9)}  ${cost}${index > 0 ? `  ratio ${ratio}` : ''}`);
    }
  }
} else {
  console.log('smtp-source and smtp-sink are not installed (package postfix): nothing to compare with');
}

/** Resident memory of a process, MB. */
function memory(pid) {
  const kb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1];
  return `${Math.round(Number(kb) / 1024)} MB`;
}

const [{ port, child }] = servers;
const before = memory(child.pid);
const sockets = Array.from({ length: HELD }, () => net.connect(port, '127.0.0.1'));
await Promise.all(sockets.map((socket) => once(socket, 'data')));
await sleep(HELD_MS);
const during = memory(child.pid);
const open = sockets.filter((socket) => !socket.destroyed).length;
for (const socket of sockets) socket.destroy();
await sleep(5000);
console.log(
  `${open} of ${HELD} connections held for ${HELD_MS / 1000} s: ${before} before, ${during} during, ${memory(child.pid)} after`,
);

for (const server of servers) server.child.kill('SIGTERM');
