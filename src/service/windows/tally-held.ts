import type { RequestOf } from '#shared/contract/app/port-api.ts';
import type { PacketTally } from '#shared/contract/app/tally.ts';
import { isCut, type PacketRow } from '#shared/contract/packet.ts';
import { protocols } from '#shared/contract/protocols.ts';
import { matchesFilter } from '#shared/filter/matches-filter.ts';
import { PacketBins } from '#shared/filter/packet-bins.ts';
import { parseFilter } from '#shared/filter/parse-filter.ts';

/** The same as `engine/recorder/packet-tally.ts` over rows in memory: of a run that nothing records. */
export function tallyHeld(rows: readonly PacketRow[], query: RequestOf<'tally_packets'>): PacketTally {
  const parsed = parseFilter(query.filter);
  const firstAt = rows.reduce<number | null>((at, row) => Math.min(at ?? row.at, row.at), null);
  const [fromAt, toAt] = [query.fromAt ?? Number.NEGATIVE_INFINITY, query.toAt ?? Number.POSITIVE_INFINITY];
  const bins = new PacketBins(firstAt ?? 0);
  let [count, cut] = [0, 0];
  for (const row of rows) {
    if (!parsed.ok || row.at < fromAt || row.at > toAt || !matchesFilter(parsed.value, row)) continue;
    const cuts = isCut(row) ? 1 : 0;
    count++;
    cut += cuts;
    bins.add(row.at, protocols.indexOf(row.protocol), 1, cuts);
  }
  const { bars } = query;
  return {
    count,
    cut,
    complete: true,
    firstAt,
    bars: bars === undefined ? null : bins.view(bars),
    filterError: parsed.ok ? null : parsed.error.message,
  };
}
