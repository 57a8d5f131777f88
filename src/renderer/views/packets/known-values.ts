import type { KnownValues } from '#shared/filter/complete-filter.ts';
import type { FilterField } from '#shared/filter/filter-fields.ts';
import type { ParticipantView } from '#shared/run-view/run-view.ts';
import type { RowSource } from './packet-index.ts';

/** Newest rows looked at for values worth suggesting. */
const rowsLookedAt = 4_000;
const valuesMax = 60;

/** What completion can offer, from what has been seen. Computed on a key press, not on every batch. */
export function knownValues(source: RowSource, participants: readonly ParticipantView[], rounds: number): KnownValues {
  const seen: Record<'protocol' | 'stack' | 'kind' | 'status' | 'stream' | 'source' | 'peer', Set<string>> = {
    protocol: new Set(),
    stack: new Set(),
    kind: new Set(),
    status: new Set(),
    stream: new Set(),
    source: new Set(),
    peer: new Set(),
  };
  const names = Object.keys(seen) as (keyof typeof seen)[];
  for (let i = Math.max(0, source.length - rowsLookedAt); i < source.length; i++) {
    const row = source.at(i);
    if (row === undefined) break;
    for (const name of names) if (seen[name].size < valuesMax) seen[name].add(row[name]);
  }
  const values: Partial<Record<FilterField, readonly string[]>> = Object.fromEntries(
    names.map((name) => [name, [...seen[name]].filter((value) => value !== '').toSorted()]),
  );
  const ends = [...new Set([...(values.source ?? []), ...(values.peer ?? [])])].toSorted().slice(0, valuesMax);
  return {
    values: { ...values, from: ends, to: ends, participant: participants.map((participant) => participant.id) },
    hints: {
      round: rounds > 0 ? `number, 1 to ${rounds}` : 'number',
      participant: `${participants.length} seen, such as ${participants[0]?.id ?? 'node-1'}`,
    },
  };
}
