import type { KnownValues } from '#shared/filter/complete-filter.ts';
import { dissectors } from '#shared/dissect/registry.ts';
import type { ParticipantView } from '#shared/run-view/run-view.ts';
import type { RowSource } from '../packet-index.ts';

/** Newest rows looked at for values worth suggesting. */
const rowsLookedAt = 4_000;
const valuesMax = 60;

const columns = ['protocol', 'stack', 'kind', 'status', 'stream', 'source', 'peer'] as const;
/** Of numbers there is nothing to offer. */
const layers = dissectors.map(({ applies, fields }) => ({
  applies,
  fields: fields.filter(({ type }) => type === 'text' || type === 'choice'),
}));

/** What completion can offer, from what has been seen. Computed on a key press, not on every batch. */
export function knownValues(source: RowSource, participants: readonly ParticipantView[], rounds: number): KnownValues {
  const seen = new Map<string, Set<string>>();
  const see = (name: string, value: string | number | null): void => {
    let values = seen.get(name);
    if (values === undefined) seen.set(name, (values = new Set()));
    if (value !== null && value !== '' && values.size < valuesMax) values.add(String(value));
  };
  for (let i = Math.max(0, source.length - rowsLookedAt); i < source.length; i++) {
    const row = source.at(i);
    if (row === undefined) break;
    for (const name of columns) see(name, row[name]);
    for (const { applies, fields } of layers) {
      if (fields.length > 0 && applies(row)) for (const { name, of } of fields) see(name, of(row));
    }
  }
  const valuesOf = (name: string): string[] => [...(seen.get(name) ?? [])].toSorted();
  const ends = [...new Set([...valuesOf('source'), ...valuesOf('peer')])].toSorted().slice(0, valuesMax);
  return {
    values: {
      ...Object.fromEntries([...seen.keys()].map((name) => [name, valuesOf(name)])),
      from: ends,
      to: ends,
      participant: participants.map((participant) => participant.id),
    },
    hints: {
      round: rounds > 0 ? `number, 1 to ${rounds}` : 'number',
      participant: `${participants.length} seen, such as ${participants[0]?.id ?? 'node-1'}`,
    },
  };
}
