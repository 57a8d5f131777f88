import { z } from 'zod';

/**
 * Fields of the wire that prove something or make one session unlike another: they are sent, and never recorded. Whatever is
 * of this kind is registered where its schema is made; see `engine/link/recorded-header.ts`.
 */
const hidden = z.registry<{ readonly hidden: true }>();

export function hide<T extends z.core.$ZodType>(schema: T): T {
  hidden.add(schema, { hidden: true });
  return schema;
}

export function isHidden(schema: z.core.$ZodType): boolean {
  return hidden.has(schema);
}
