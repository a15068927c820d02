// The DNS server of a live fleet, over UDP and TCP on loopback (RFC 1035, RFC 6891, RFC 7766).

import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import packet, { type DecodedPacket, type Packet } from 'dns-packet';
import { BouncelabError } from '../base/errors.js';
import { listenAt } from '../base/loopback.js';
import { reason } from '../base/os-error.js';
import type { Endpoint } from '../simulator/network/memory-socket.js';
import type { World } from '../simulator/world.js';
import { DnsAnswers, type DnsReply } from './dns-answers.js';

/** Longest answer over UDP without EDNS (RFC 1035, 4.2.1), and what this server takes with it. */
const UDP_BYTES = 512;
const EDNS_BYTES = 1232;

/** Idle time after which a TCP connection is closed, ms of real time. */
const TCP_IDLE_MS = 10_000;

/** Header of a message. */
const HEADER_BYTES = 12;

/** How often a port that the system picked for UDP is tried for TCP too. */
const PICKS_MAX = 20;

/** Bits of the header (RFC 1035, 4.1.1). */
const RD = 0x0100;
const RESPONSE_CODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 };

interface DnsServerOptions {
  world: World;
  /** Resolves when hosts that a lookup has created listen. */
  hostsReady: () => Promise<void>;
}

export class DnsServer {
  private readonly answers: DnsAnswers;
  private udp: dgram.Socket | undefined;
  private tcp: net.Server | undefined;
  private readonly sockets = new Set<net.Socket>();

  constructor(private readonly options: DnsServerOptions) {
    this.answers = new DnsAnswers(options.world);
  }

  /**
   * Listens over UDP and TCP at one port.
   *
   * @throws BouncelabError E_USAGE when it cannot
   */
  async open({ address, port }: Endpoint): Promise<Endpoint> {
    for (let tries = port === 0 ? PICKS_MAX : 1; ; tries--) {
      try {
        return { address, port: await this.tryOpen({ address, port }) };
      } catch (error) {
        await this.close();
        if (tries > 1) continue;
        const message = `DNS cannot listen at ${address}:${port}: ${reason(error)}`;
        const hint = 'choose another port with --dns';
        throw new BouncelabError('E_USAGE', message, { hint, cause: error });
      }
    }
  }

  async close(): Promise<void> {
    const { udp, tcp } = this;
    this.udp = undefined;
    this.tcp = undefined;
    for (const socket of this.sockets) socket.destroy();
    if (udp) await new Promise<void>((done) => udp.close(done));
    if (tcp?.listening) await new Promise<void>((done) => tcp.close(() => done()));
  }

  private async tryOpen(at: Endpoint): Promise<number> {
    const udp = (this.udp = dgram.createSocket('udp4'));
    udp.bind({ ...at, exclusive: true });
    await once(udp, 'listening');
    const { port } = udp.address();
    const tcp = (this.tcp = net.createServer((socket) => this.serve(socket)));
    listenAt(tcp, { ...at, port });
    await once(tcp, 'listening');
    // Errors from here on concern single answers: the client asks again.
    for (const one of [udp, tcp]) one.on('error', () => undefined);
    udp.on('message', (message, from) => {
      void this.answer(message, 'udp').then((bytes) => {
        if (bytes && this.udp) this.udp.send(bytes, from.port, from.address);
      });
    });
    return port;
  }

  private serve(socket: net.Socket): void {
    let read = Buffer.alloc(0);
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    socket.on('data', (chunk) => {
      read = Buffer.concat([read, chunk]);
      while (read.length >= 2 && read.length >= 2 + read.readUInt16BE()) {
        const end = 2 + read.readUInt16BE();
        const message = read.subarray(2, end);
        read = read.subarray(end);
        void this.answer(message, 'tcp').then((bytes) => {
          if (!bytes || !socket.writable) return;
          const length = Buffer.alloc(2);
          length.writeUInt16BE(bytes.length);
          socket.write(Buffer.concat([length, bytes]));
        });
      }
    });
  }

  /** @returns undefined for what is no query, and for a query that is not answered */
  private async answer(message: Buffer, over: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    // Too short for a header, or a response: to answer it could go on for ever.
    if (message.length < HEADER_BYTES || message.readUInt8(2) >= 0x80) return undefined;
    const query = decoded(message);
    if (!query) return headerAlone(message, 'FORMERR');
    if ((query as { opcode?: string }).opcode !== 'QUERY') return headerAlone(message, 'NOTIMP');
    const [question, ...others] = query.questions ?? [];
    if (!question || others.length > 0) return headerAlone(message, 'FORMERR');
    const reply = await this.answers.to(question).catch(() => 'failed' as const);
    if (reply === undefined) return undefined;
    if (reply === 'failed') return headerAlone(message, 'SERVFAIL');
    const isReady = await this.options.hostsReady().then(
      () => true,
      () => false,
    );
    return isReady ? encoded(query, reply, over) : headerAlone(message, 'SERVFAIL');
  }
}

function decoded(message: Buffer): DecodedPacket | undefined {
  try {
    return packet.decode(message);
  } catch {
    return undefined;
  }
}

function encoded(query: DecodedPacket, { rcode, answers }: DnsReply, over: 'udp' | 'tcp'): Buffer {
  const opt = query.additionals?.find((record) => record.type === 'OPT');
  const flags = packet.AUTHORITATIVE_ANSWER | packet.RECURSION_AVAILABLE | ((query.flags ?? 0) & RD);
  const response: Packet = {
    type: 'response',
    id: query.id ?? 0,
    flags: flags | RESPONSE_CODES[rcode],
    questions: query.questions ?? [],
    answers,
    authorities: answers.length === 0 ? [START_OF_AUTHORITY] : [],
    additionals: opt
      ? [
          {
            name: '.',
            type: 'OPT',
            udpPayloadSize: EDNS_BYTES,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [],
  };
  const bytes = packet.encode(response);
  const asked = opt?.type === 'OPT' ? opt.udpPayloadSize : 0;
  const most = Math.min(EDNS_BYTES, Math.max(UDP_BYTES, asked));
  if (over === 'tcp' || bytes.length <= most) return bytes;
  // The client asks again over TCP.
  return packet.encode({
    ...response,
    flags: (response.flags ?? 0) | packet.TRUNCATED_RESPONSE,
    answers: [],
    authorities: [],
  });
}

/** Beside every answer without records (RFC 2308): nothing is kept. */
const START_OF_AUTHORITY = {
  name: '.',
  type: 'SOA' as const,
  ttl: 0,
  data: {
    mname: 'ns.bouncelab.test',
    rname: 'hostmaster.bouncelab.test',
    serial: 1,
    refresh: 3600,
    retry: 600,
    expire: 86_400,
    minimum: 0,
  },
};

/** A response that repeats no question: it may not be one that can be written. */
function headerAlone(query: Buffer, rcode: keyof typeof RESPONSE_CODES): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 4);
  // QR, and the opcode and RD of the query.
  header[2] = 0x80 | (header[2]! & 0x79);
  header[3] = RESPONSE_CODES[rcode];
  return header;
}
