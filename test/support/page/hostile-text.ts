import { eventSchemas } from '#shared/contract/events.ts';
import { packetSchema } from '#shared/contract/packet.ts';
import type { Recorded } from '../recorded/recorded-tape.ts';

/** What a name or a reason from elsewhere may hold: it turns the direction of writing, rings, and looks like markup. */
export const hostileText = '\u202egnp.\u2066\u0007<b>x';

const rowSchema = packetSchema.omit({ header: true, bodySample: true });

/** A recording in which all text that its schemas let through is hostile, as a peer may send it. */
export function hostileRecording(items: readonly Recorded[]): readonly Recorded[] {
  return items.map((item) => {
    if (!('event' in item)) {
      return { ...item, packet: hostileWhere('packet', item.packet, (row) => rowSchema.safeParse(row).success) };
    }
    const schema = eventSchemas[item.event.type];
    const data = hostileWhere(item.event.type, item.event.data, (one) => schema.safeParse(one).success);
    return { ...item, event: { ...item.event, data } } as Recorded;
  });
}

/** Members of answers that hold words and names; all others are ours. */
const free = new Set(
  'text figure meaning tryThis name example how label path source message reason detail fix runName host classes warnings causes to guess why'.split(
    ' ',
  ),
);

/** An answer of the service whose words and names are hostile. */
export function hostileAnswer<T>(answer: T): T {
  return changed(answer, (text, path) => (free.has(nameIn(path)) ? text + hostileText : text)) as T;
}

/** The innermost name of a path; places in lists have none. */
function nameIn(path: readonly string[]): string {
  return path.findLast((part) => !/^\d+$/.test(part)) ?? '';
}

/** Whether a place of a kind of row may hold hostile text, once that was tried. */
const known = new Map<string, boolean>();

/** Each text in turn is made hostile, and stays so where the whole is accepted all the same. */
function hostileWhere<T>(kind: string, value: T, accepts: (value: T) => boolean): T {
  return changed(value, (text, path) => {
    const place = `${kind} ${path.map((part) => (/^\d+$/.test(part) ? '*' : part)).join('/')}`;
    const here = path.join('/');
    const tried = (): T => changed(value, (one, at) => (at.join('/') === here ? one + hostileText : one)) as T;
    const fits = known.get(place) ?? accepts(tried());
    known.set(place, fits);
    return fits ? text + hostileText : text;
  }) as T;
}

function changed(
  value: unknown,
  change: (text: string, path: readonly string[]) => string,
  path: readonly string[] = [],
): unknown {
  if (typeof value === 'string') return change(value, path);
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((item, i) => changed(item, change, [...path, String(i)]));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, changed(item, change, [...path, name])]),
  );
}
