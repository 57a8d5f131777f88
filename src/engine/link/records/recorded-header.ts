import type { z } from 'zod';
import { isHidden } from '#shared/contract/hidden.ts';
import { bodySchemas, type MessageKind } from '#shared/contract/messages.ts';
import { linkFrameSchema } from '../link-frames.ts';

const notRecorded = '(not recorded)';
/** Of a hidden value: enough to tell two apart, and of no use to anybody else. */
const shownChars = 6;

/**
 * The header of a link frame as a recording keeps it, by the frame's schema: hidden fields shortened, and fields and frames
 * that this version does not know left out but for their names, since a newer peer may mean a secret by them.
 * @param text the header as it was sent, JSON
 * @param kind of the packet: a link frame's, or, for a message, the message's
 */
export function recordedHeader(text: string, kind: string): string {
  const frame = linkFrameSchema(kind);
  const known = frame ?? (Object.hasOwn(bodySchemas, kind) ? bodySchemas[kind as MessageKind] : null);
  // Messages and their pieces are most of what passes, and hide nothing.
  if (text === '' || (known !== null && !hides(known))) return text;
  const header = asObject(text);
  if (header === null) return notRecorded;
  return JSON.stringify(frame === null ? unknown(header) : recorded(frame, header));
}

function asObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    // No header of ours; what it is stands in the packet's note.
    return null;
  }
}

function unknown(header: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(header).map(([name, value]) => [name, name === 't' ? String(value).slice(0, 40) : notRecorded]),
  );
}

function recorded(given: z.core.$ZodType, value: unknown): unknown {
  if (isHidden(given)) return shortened(value);
  const schema = given as z.core.$ZodTypes & z.ZodType;
  const { def } = schema._zod;
  switch (def.type) {
    case 'optional':
      return recorded(def.innerType, value);
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return notRecorded;
      return Object.fromEntries(
        Object.entries(value).map(([name, field]) => {
          const inner = Object.hasOwn(def.shape, name) ? def.shape[name] : undefined;
          return [name, inner === undefined ? notRecorded : recorded(inner, field)];
        }),
      );
    }
    case 'array':
      return Array.isArray(value) ? value.map((item) => recorded(def.element, item)) : notRecorded;
    case 'union': {
      const fitting = def.options.find((option) => (option as z.ZodType).safeParse(value).success);
      return fitting === undefined ? notRecorded : recorded(fitting, value);
    }
    default:
      return schema.safeParse(value).success ? value : notRecorded;
  }
}

function shortened(value: unknown): string {
  if (typeof value !== 'string') return notRecorded;
  return `${value.slice(0, shownChars)}… (${value.length} characters, not recorded)`;
}

const hiding = new WeakMap<object, boolean>();

/** Whether a field of it is hidden. */
function hides(schema: z.core.$ZodType): boolean {
  let known = hiding.get(schema);
  if (known === undefined) hiding.set(schema, (known = looksHidden(schema)));
  return known;
}

function looksHidden(given: z.core.$ZodType): boolean {
  if (isHidden(given)) return true;
  const { def } = (given as z.core.$ZodTypes)._zod;
  if (def.type === 'optional') return looksHidden(def.innerType);
  if (def.type === 'array') return looksHidden(def.element);
  if (def.type === 'union') return def.options.some((option) => looksHidden(option));
  return def.type === 'object' && Object.values(def.shape).some((field) => looksHidden(field));
}
