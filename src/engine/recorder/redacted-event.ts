import type { z } from 'zod';
import { assert } from '#shared/base/assert.ts';
import { eventSchemas, type RecordedEvent } from '#shared/contract/events.ts';
import { splitSchema } from '#shared/contract/run/settings.ts';
import { transportPlanSchema } from '#shared/contract/run/transport-plan.ts';
import { hashSchema, messageIdSchema, participantIdSchema, runIdSchema } from '#shared/contract/ids.ts';

/** Stands in place of text that a bare copy does not have. */
export const leftOut = '(left out)';

/** Strings of one form, which say nothing of a machine, its data or its people. */
const formal: ReadonlySet<unknown> = new Set([
  hashSchema,
  messageIdSchema,
  participantIdSchema,
  runIdSchema,
  splitSchema,
  transportPlanSchema,
]);

/** Text that this program alone has written, by type and field: words of its own, nothing that came from outside. */
const ownWords: ReadonlySet<string> = new Set([
  'process_stats.name',
  'process_exited.name',
  'transfer_progress.kind',
  'link_stats.counters.name',
  'verdict_raised.verdict',
  'verdict_raised.rule',
  'verdict_raised.layer',
  'verdict_raised.injected',
  'verdict_raised.evidence.ref',
  'verdict_cleared.verdict',
  'rows_lost.process',
]);

/**
 * The event without what people or machines have written into it, by its schema: whatever is a string there and not named
 * above is left out, so that a new field is left out until somebody has thought about it.
 */
export function redactedEvent(event: RecordedEvent): RecordedEvent {
  return { ...event, data: redacted(eventSchemas[event.type], event.data, event.type) } as RecordedEvent;
}

/** Schemas as zod 4 describes them; the kinds that the contract is made of. */
type Described = z.core.$ZodTypes;

function redacted(given: z.core.$ZodType, value: unknown, path: string): unknown {
  const schema = given as Described;
  if (value === undefined || value === null || formal.has(schema)) return value;
  const { def } = schema._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'readonly':
      return redacted(def.innerType, value, path);
    case 'object': {
      const fields = Object.entries(value as Record<string, unknown>);
      return Object.fromEntries(
        fields.map(([name, field]) => {
          const inner = def.shape[name];
          assert(inner, `${path}.${name} is in no schema, and was checked by it`);
          return [name, redacted(inner, field, `${path}.${name}`)];
        }),
      );
    }
    case 'array':
      if (path.endsWith('.classes')) return (value as unknown[]).map((_, i) => `class ${i + 1}`);
      return (value as unknown[]).map((item) => redacted(def.element, item, path));
    case 'union': {
      const fitting = def.options.find((option) => (option as z.ZodType).safeParse(value).success);
      assert(fitting, `${path} fits none of its forms, and was checked by them`);
      return redacted(fitting, value, path);
    }
    case 'record':
      return {};
    case 'string':
      return ownWords.has(path) || value === '' ? value : leftOut;
    case 'number':
    case 'boolean':
    case 'enum':
    case 'literal':
      return value;
    default:
      throw new Error(`${path} is a ${def.type}: say what is left out of one`);
  }
}
