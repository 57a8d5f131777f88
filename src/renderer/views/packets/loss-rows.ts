import type { PacketRow } from '#shared/contract/packet.ts';
import type { LossView } from '#shared/run-view/run-view.ts';
import type { TimeRange } from './packet-index.ts';

/** Rows of packets as they are, by place; the oldest is 0. */
interface Rows {
  readonly count: number;
  at(index: number): PacketRow | undefined;
}

/** Packets with a row of its own wherever some are missing. */
export interface RowsWithLosses {
  readonly count: number;
  /** Losses before the oldest packet here, which have no row. */
  readonly before: number;
  /** Undefined: a loss stands there, or the packet fell out. */
  at(index: number): PacketRow | undefined;
  lossAt(index: number): LossView | undefined;
  /** Where the losses stand, ascending. */
  readonly losses: readonly number[];
  /** Where the i-th packet stands. */
  indexOf(packet: number): number;
}

/**
 * Puts losses of packets where the packets would have been. A filter does not hide them: what is lost might have matched.
 * `oldestId`: of the packets here, whether they match or not; what was lost before it belongs to packets that are not here.
 */
export function withLosses(
  rows: Rows,
  losses: readonly LossView[],
  { oldestId, range }: { readonly oldestId: number; readonly range: TimeRange | null },
): RowsWithLosses {
  const ofPackets = losses.filter(({ kind }) => kind === 'packets');
  const shown = ofPackets
    .filter(({ afterPacket, from, to }) => {
      const isInRange = range === null || (to >= range.from && from <= range.to);
      return isInRange && (afterPacket >= oldestId - 1 || oldestId <= 1);
    })
    .toSorted((a, b) => a.afterPacket - b.afterPacket);
  /** Of each loss, its index in the table. */
  const places = shown.map((loss, k) => firstAfter(rows, loss.afterPacket) + k);
  return {
    count: rows.count + shown.length,
    before: ofPackets.length - shown.length,
    losses: places,
    at: (index) => {
      const passed = passedBy(places, index);
      return places[passed] === index ? undefined : rows.at(index - passed);
    },
    lossAt: (index) => {
      const passed = passedBy(places, index);
      return places[passed] === index ? shown[passed] : undefined;
    },
    indexOf: (packet) => packet + places.filter((place, k) => place - k <= packet).length,
  };
}

/** How many of the places come before this index. */
function passedBy(places: readonly number[], index: number): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] as number) < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows come in the order of their ids. */
function firstAfter(rows: Rows, id: number): number {
  let low = 0;
  let high = rows.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    // What has just fallen out is older than all that is here.
    if ((rows.at(middle)?.id ?? 0) <= id) low = middle + 1;
    else high = middle;
  }
  return low;
}
