// `garbled`: a reply as a broken server, or a broken middlebox before it, sends it.

import { z } from 'zod';
import { defineBehavior, type Objection } from './behavior.js';
import { REPLY_STAGES, stageParameter } from './stage.js';

const KINDS = ['nonsense', 'torn', 'mixed-codes', 'unended', 'stray'] as const;
const NONSENSE = '\u0000\u0007%%% upstream connect error, reset before headers %%%\r\n';
const TORN_MS = 500;

export const garbled = defineBehavior({
  name: 'garbled',
  summary:
    'Sends a reply that is not SMTP (`as: nonsense`), a reply torn between packets (`torn`), lines with mixed codes (`mixed-codes`), a multi-line reply without its last line (`unended`), or one reply too many (`stray`).',
  parameters: z.strictObject({
    stage: stageParameter(REPLY_STAGES),
    as: z.enum(KINDS).default('nonsense').describe('What is wrong with the reply'),
    codes: z
      .array(z.int().min(200).max(599))
      .min(2)
      .max(20)
      .default([550, 450])
      .describe(
        'With `mixed-codes`: the code of each line; the last one ends the reply and is the one that counts',
      ),
  }),
  points: REPLY_STAGES,
  defaultPoint: (scope) => (scope === 'mailbox' ? 'rcpt' : 'connect'),
  mayPass: (params) => params.as === 'torn' || params.as === 'stray',
  objections({ params, isGiven }) {
    const objections: Objection[] = [];
    if (isGiven('codes') && params.as !== 'mixed-codes') {
      objections.push({
        key: 'codes',
        message: '`codes` has an effect only with `as: mixed-codes`',
        hint: 'add `as: mixed-codes`, or leave `codes` out',
      });
    }
    if (params.codes.at(-1)! < 400) {
      objections.push({
        key: 'codes',
        message: `the last of \`codes\` counts, and ${params.codes.at(-1)} would be an acceptance`,
        hint: 'end with a 4xx or a 5xx',
      });
    }
    return objections;
  },
  decide(params, { point }) {
    switch (params.as) {
      case 'torn':
        return { kind: 'style', style: { tornMs: TORN_MS } };
      case 'stray':
        return { kind: 'style', style: { stray: { code: 250, enhanced: '2.0.0', lines: ['Ok'] } } };
      case 'nonsense':
        return { kind: 'bytes', pieces: [{ bytes: NONSENSE, afterMs: 0 }] };
      case 'unended': {
        const code = point === 'connect' || point === 'starttls' ? 220 : point === 'data' ? 354 : 250;
        return { kind: 'bytes', pieces: [{ bytes: `${code}-One moment\r\n`, afterMs: 0 }], mute: true };
      }
      case 'mixed-codes': {
        const last = params.codes.length - 1;
        const lines = params.codes.map((code, index) => `line ${index + 1} says ${code}`);
        const written = lines.map((line, i) => `${params.codes[i]}${i < last ? '-' : ' '}${line}\r\n`);
        return {
          kind: 'bytes',
          pieces: [{ bytes: written.join(''), afterMs: 0 }],
          reply: { code: params.codes[last]!, codes: params.codes, lines },
        };
      }
    }
  },
});
