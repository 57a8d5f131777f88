import type { z } from 'zod';
import { assert } from '#shared/base/assert.ts';

/** What a string may have to look like, where its schema does not take any text. */
const forms = ['a'.repeat(64), 'b'.repeat(32), 'c'.repeat(128), 'lab-1', 'iid', 'quic'];

/** A value that a schema takes, with every optional field, `text` in each string that may be any, and one item in each list. */
export function sampleOf(given: z.core.$ZodType, text: string): unknown {
  const schema = given as z.core.$ZodTypes & z.ZodType;
  const { def } = schema._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      return sampleOf(def.innerType, text);
    case 'object':
      return Object.fromEntries(Object.entries(def.shape).map(([name, field]) => [name, sampleOf(field, text)]));
    case 'array':
      return [sampleOf(def.element, text)];
    case 'union':
      return sampleOf(def.options[0] as z.core.$ZodType, text);
    case 'record':
      return { [text]: sampleOf(def.valueType, text) };
    case 'enum':
      return Object.values(def.entries)[0];
    case 'literal':
      return def.values[0];
    case 'boolean':
      return true;
    case 'unknown':
      return text;
    case 'string':
      return firstTaken(schema, [text, ...forms]);
    case 'number':
      return firstTaken(schema, [1, 5, 100, 1000, 0.5, 0]);
    default:
      throw new Error(`no sample of a ${def.type}`);
  }
}

function firstTaken(schema: z.ZodType, values: readonly unknown[]): unknown {
  const found = values.find((value) => schema.safeParse(value).success);
  assert(found !== undefined, `none of the samples fits: ${JSON.stringify(schema._zod.def)}`);
  return found;
}
