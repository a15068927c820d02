// JSON Schemas of scenario, policy, cause and profile files, generated from the schemas with which the
// loader checks them: an editor completes what the loader accepts and marks what it refuses.

import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { shippedPath } from '../../base/package-root.js';
import { causesSchema } from '../../policy/cause-schema.js';
import { policySchema } from '../../policy/schema.js';
import { profileSchema } from '../../simulator/profile-schema.js';
import { defaultPolicyFile } from '../../policy/policy-file.js';
import { scenarioSchema } from './scenario.js';

export const SCHEMA_NAMES = ['scenario', 'policy', 'causes', 'profile'] as const;
type SchemaName = (typeof SCHEMA_NAMES)[number];

const SHIPPED = shippedPath('schema/');

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** JSON Schema (draft 7) of a scenario file. */
export function scenarioJsonSchema(): JsonSchema {
  const schema = generate(scenarioSchema);
  const definitions = schema.definitions as Record<string, JsonSchema>;
  withDefaults(definitions['policy']!, defaultPolicyFile().value);
  return schema;
}

/** JSON Schema (draft 7) of a policy file. */
export function policyJsonSchema(): JsonSchema {
  // Without its id, since the whole schema would become a reference to its own definition.
  const { id: _id, ...meta } = policySchema.meta() ?? {};
  const schema = generate(z.strictObject(policySchema.shape).meta(meta));
  withDefaults(schema, defaultPolicyFile().value);
  return schema;
}

/** JSON Schema (draft 7) of a file of cause rules. */
function causesJsonSchema(): JsonSchema {
  const { id: _id, ...meta } = causesSchema.meta() ?? {};
  return generate(z.strictObject(causesSchema.shape).meta(meta));
}

/** JSON Schema (draft 7) of a profile file. */
function profileJsonSchema(): JsonSchema {
  const { id: _id, ...meta } = profileSchema.meta() ?? {};
  return generate(z.strictObject(profileSchema.shape).meta(meta));
}

const SCHEMAS: Record<SchemaName, () => JsonSchema> = {
  scenario: scenarioJsonSchema,
  policy: policyJsonSchema,
  causes: causesJsonSchema,
  profile: profileJsonSchema,
};

/** @returns the text of the schema file */
export function jsonSchema(name: SchemaName): string {
  const schema = SCHEMAS[name]();
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** Writes schema/*.json. @returns the files */
export function writeSchemas(folder = SHIPPED): string[] {
  return SCHEMA_NAMES.map((name) => {
    const file = fileOf(folder, name);
    writeFileSync(file, jsonSchema(name));
    return file;
  });
}

/** @returns the names of schemas whose file is not what would be generated now */
export function staleSchemas(folder = SHIPPED): SchemaName[] {
  return SCHEMA_NAMES.filter((name) => {
    try {
      return readFileSync(fileOf(folder, name), 'utf8') !== jsonSchema(name);
    } catch {
      return true;
    }
  });
}

function fileOf(folder: string, name: SchemaName): string {
  return `${folder.replace(/[\\/]$/, '')}/${name}.schema.json`;
}

function generate(schema: z.ZodType): JsonSchema {
  const generated = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return JSON.parse(JSON.stringify(generated), (_key, node: unknown) => tidy(node)) as JsonSchema;
}

/** Removes keywords that zod adds and that have no use in an editor. */
function tidy(node: unknown): unknown {
  if (typeof node !== 'object' || node === null) return node;
  const schema = node as JsonSchema;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (JSON.stringify(schema.propertyNames) === '{"type":"string"}') delete schema.propertyNames;
  return Object.keys(schema).join() === 'allOf' && schema.allOf?.length === 1 ? schema.allOf[0] : schema;
}

/** Adds to each key of a policy its default value, which is that of the default policy file. */
function withDefaults(schema: JsonSchema, values: unknown): void {
  for (const [key, value] of Object.entries(values as Record<string, unknown>)) {
    const property = schema.properties?.[key];
    if (typeof property !== 'object' || key === 'name') continue;
    if (property.properties) withDefaults(property, value);
    else property.default = value;
  }
}
