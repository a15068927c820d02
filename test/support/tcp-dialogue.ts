// What a server at a port of this machine answers to each of a client's lines.

import { once } from 'node:events';
import net from 'node:net';
import { onTestFinished } from 'vitest';

/** Says one thing after the other, each after the reply to the one before. @returns the replies */
export async function dialogue(port: number, ...said: (string | Buffer)[]): Promise<string[]> {
  const socket = net.connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const replies: string[] = [];
  for (const line of ['', ...said]) {
    if (line.length > 0) socket.write(Buffer.concat([Buffer.from(line as string), Buffer.from('\r\n')]));
    let reply = '';
    // Of a multi-line reply the last line has a blank behind its code.
    while (!/^\d{3} .*\r\n$/m.test(reply)) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      reply += chunk.toString();
    }
    replies.push(reply.trim());
  }
  socket.destroy();
  return replies.slice(1);
}
