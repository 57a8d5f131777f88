import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { limits } from '#shared/contract/limits.ts';
import { projectionVersion } from '#shared/run-view/projection-version.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import type { FoldedState, SetBack } from './folded-state.ts';

/**
 * States that a recording keeps are trusted on the word of this machine alone (decision 0101): whoever made a file could
 * write into one what no event says. The seal is an HMAC-SHA256 by a key of this machine over the state and the event after
 * which it was, so that it stands in no other place and in no other recording.
 */
const mark = 'roundscope kept state 1';
export const stateKeyBytes = 32;
/** Quick rather than small: it is written while a run trains. */
const level = 1;

/** Columns of `states`, in the order of the table. */
export interface StateRow {
  readonly event: number;
  readonly due_at: number;
  readonly projection: number;
  /** Hash of the row of that event. */
  readonly event_hash: Uint8Array;
  readonly size_bytes: number;
  readonly state: Uint8Array;
  readonly seal: Uint8Array;
}

/** Values of a row of `events`, in the order of the table. */
export type EventValues = readonly (string | number)[];

/** Null: it is too large to be kept. */
export function sealState(
  state: FoldedState,
  event: EventValues,
  key: Uint8Array,
  projection = projectionVersion,
): StateRow | null {
  const text = Buffer.from(JSON.stringify({ view: state.view, setBack: state.setBack }), 'utf8');
  if (text.length > limits.keptStateBytesMax) return null;
  const row = {
    event: state.eventId,
    due_at: state.dueAt,
    projection,
    event_hash: hashOf(event),
    size_bytes: text.length,
    state: deflateRawSync(text, { level }),
  };
  return { ...row, seal: sealOf(row, key) };
}

/**
 * @param event the row of its event; null: it is not there any more
 * @returns null: another projection made it, or this machine did not, or not after this event
 */
export function openState(row: StateRow, event: EventValues | null, key: Uint8Array): FoldedState | null {
  if (row.projection !== projectionVersion || row.size_bytes > limits.keptStateBytesMax) return null;
  // A file from elsewhere may hold anything in a column.
  if (![row.event_hash, row.state, row.seal].every((value) => value instanceof Uint8Array)) return null;
  if (!isSame(row.seal, sealOf(row, key))) return null;
  if (event !== null && !isSame(row.event_hash, hashOf(event))) return null;
  const text = inflateRawSync(row.state, { maxOutputLength: limits.keptStateBytesMax });
  const { view, setBack } = JSON.parse(text.toString('utf8')) as { view: RunView; setBack: SetBack | null };
  return { eventId: row.event, dueAt: row.due_at, view, setBack };
}

function hashOf(event: EventValues): Uint8Array {
  return createHash('sha256').update(JSON.stringify(event)).digest();
}

function sealOf(row: Omit<StateRow, 'seal'>, key: Uint8Array): Uint8Array {
  const { event, due_at, projection, event_hash, size_bytes, state } = row;
  const head = [mark, event, due_at, projection, Buffer.from(event_hash).toString('hex'), size_bytes];
  return createHmac('sha256', key)
    .update(`${JSON.stringify(head)}\n`)
    .update(state)
    .digest();
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
