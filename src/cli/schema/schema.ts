// `bouncelab schema`: prints, writes or checks the JSON Schemas of scenario, policy, causes and profile files.

import { BouncelabError, EXIT, type ExitCode } from '../../base/errors.js';
import { jsonSchema, SCHEMA_NAMES, staleSchemas, writeSchemas } from '../../scenarios/schema/json-schema.js';
import { nameHint, quoted } from '../../documents/problems.js';
import type { Io } from '../io.js';

/** @throws BouncelabError E_USAGE for an unknown name, E_OUTPUT when a file cannot be written */
export function schema(name: string, options: { write: boolean; check: boolean }, io: Io): ExitCode {
  if (options.write) {
    for (const file of write()) io.stdout.write(`${file}\n`);
    return EXIT.passed;
  }
  if (options.check) {
    const stale = staleSchemas();
    if (stale.length === 0) return EXIT.passed;
    io.stderr.write(
      `schema/ is out of date: ${stale.join(', ')}\n  bouncelab schema --write brings it up to date\n`,
    );
    return EXIT.failed;
  }
  const known = SCHEMA_NAMES.find((candidate) => candidate === name);
  if (!known) {
    throw new BouncelabError('E_USAGE', `there is no schema ${quoted(name)}`, {
      hint: nameHint(name, SCHEMA_NAMES, 'schemas'),
    });
  }
  io.stdout.write(jsonSchema(known));
  return EXIT.passed;
}

function write(): string[] {
  try {
    return writeSchemas();
  } catch (error) {
    throw new BouncelabError('E_OUTPUT', `the schemas cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
