import type { Column } from '#renderer/components/table/virtual-table.tsx';

/** Room for the table of packets. */
export interface TableRoom {
  /** In CSS pixels; 0 before it is laid out. */
  readonly widthPx: number;
  /** Size of the table's type, in CSS pixels: 12 in the light theme, 18 on a large projector. */
  readonly typePx: number;
}

export interface PacketColumns {
  readonly columns: readonly Column[];
  /** Protocols have their mark alone. */
  readonly bare: boolean;
}

type ColumnId =
  | 'time'
  | 'gap'
  | 'direction'
  | 'protocol'
  | 'from'
  | 'to'
  | 'round'
  | 'kind'
  | 'chunk'
  | 'size'
  | 'stream'
  | 'status';

interface Level {
  /** Widths at a type of 12 px. */
  readonly time: number;
  readonly gap: number;
  readonly protocol: number;
  readonly from: number;
  readonly kind: number;
  readonly size: number;
  /** Left out: what the detail of a packet says too, and what can still be filtered by. */
  readonly without: readonly ColumnId[];
}

const full: Level = { time: 96, gap: 60, protocol: 60, from: 104, kind: 112, size: 60, without: [] };
const tight: Level = { time: 84, gap: 48, protocol: 12, from: 104, kind: 96, size: 56, without: [] };
const narrow: Level = { ...tight, from: 72 };

/** From much room to little. The status of a packet is in each of them. */
const levels: readonly Level[] = [
  full,
  tight,
  { ...tight, time: 90, gap: 52, kind: 112, size: 60, without: ['stream'] },
  { ...tight, without: ['stream', 'chunk'] },
  { ...narrow, without: ['stream', 'chunk', 'protocol'] },
  { ...narrow, without: ['stream', 'chunk', 'protocol', 'to'] },
  { ...narrow, without: ['stream', 'chunk', 'protocol', 'to', 'round'] },
];

/** What a row has besides its columns, in CSS pixels: space between any two of them, more where all are shown, and at both ends. */
const spacePx = { between: 8, wide: 12, ends: 24 };

/**
 * The columns that fit.
 *
 * @param linkGaps whether gaps are those of a link, not of the rows shown
 */
export function columnsFor(room: TableRoom, linkGaps: boolean): PacketColumns {
  const level = levels.find((one) => widthOf(one, room.typePx) <= room.widthPx) ?? levels.at(-1) ?? full;
  // Before it is laid out, all are there; so they are where nothing is ever laid out.
  const chosen = room.widthPx === 0 ? full : level;
  return { columns: tracksOf(chosen, linkGaps).map((track) => columnOf(track)), bare: chosen.protocol < full.protocol };
}

/** Least width of a row, in CSS pixels. */
function widthOf(level: Level, typePx: number): number {
  const tracks = tracksOf(level, false);
  const columnsPx = tracks.reduce((sum, { least }) => sum + least, 0) * (typePx / 12);
  const between = level.without.length === 0 ? spacePx.wide : spacePx.between;
  return columnsPx + between * (tracks.length - 1) + spacePx.ends;
}

interface Track extends Omit<Column, 'width'> {
  readonly id: ColumnId;
  /** At a type of 12 px. */
  readonly least: number;
  /** Share of the room that is left. */
  readonly grows?: number;
}

function tracksOf(level: Level, linkGaps: boolean): readonly Track[] {
  const tracks: readonly Track[] = [
    { id: 'time', label: 'Time', least: level.time },
    {
      id: 'gap',
      label: linkGaps ? 'Silence' : 'Gap',
      title: linkGaps ? 'Since the previous packet of the same link' : 'Since the row above',
      least: level.gap,
      align: 'end',
    },
    { id: 'direction', label: '', name: 'Direction', least: 16 },
    {
      id: 'protocol',
      ...(level.protocol < full.protocol ? { label: '', name: 'Protocol' } : { label: 'Protocol' }),
      least: level.protocol,
    },
    {
      id: 'from',
      label: 'From',
      title: 'Sender of the frame; two rows where both ends report it',
      least: level.from,
      grows: 1,
    },
    { id: 'to', label: 'To', title: 'For whom the frame was', least: 72, grows: 0.7 },
    { id: 'round', label: 'Round', least: 44, align: 'end' },
    { id: 'kind', label: 'Kind', least: level.kind, grows: 1.4 },
    { id: 'chunk', label: 'Chunk', least: 46, align: 'end' },
    { id: 'size', label: 'Size', least: level.size, align: 'end' },
    { id: 'stream', label: 'Stream', least: 48, grows: 1.2, align: 'end' },
    { id: 'status', label: 'Status', least: 100 },
  ];
  return tracks.filter(({ id }) => !level.without.includes(id));
}

function columnOf({ least, grows, ...column }: Track): Column {
  const width = `calc(var(--fs-small) * ${least / 12})`;
  return { ...column, width: grows === undefined ? width : `minmax(${width}, ${grows}fr)` };
}
