import { limits } from '#shared/contract/limits.ts';
import { isCut, type PacketRow } from '#shared/contract/packet.ts';
import type { FilterExpression } from '#shared/filter/filter-expression.ts';
import type { LossView } from '#shared/run-view/run-view.ts';
import type { Session } from '#renderer/session/session.ts';
import { withLosses } from './loss-rows.ts';
import { MessageSizes, type ChunkSum } from './messages/message-sizes.ts';
import { PacketIndex } from './packet-index.ts';
import type { TimeRange } from './packet-index.ts';

/** Rows examined per frame while a new filter runs over all that is held: about 4 ms on a slow machine. */
const rowsPerFrame = 8_000;
/** Rows that one click brings back from the recording. */
const olderPageRows = 1_000;
/** Older rows kept beside the live ones; then the oldest page is all one can ask for, which the table says. */
export const olderRowsMax = 20_000;

export type OlderState =
  | { readonly kind: 'idle' | 'loading' | 'complete' | 'full' }
  | { readonly kind: 'failed'; readonly message: string };

/** What the table draws. A new object whenever anything of it changed. */
export interface PacketList {
  /** Packets that are shown. */
  readonly count: number;
  /** Rows of the table: packets, and one for each place where some were lost. */
  readonly rowCount: number;
  readonly olderCount: number;
  /** Rows that pass the filter, in or out of the time range. */
  readonly matchCount: number;
  readonly cutCount: number;
  readonly heldCount: number;
  /** Rows in the recording that are not held here. */
  readonly notHeld: number;
  readonly skipped: number;
  /** Rows that came since the pause began. */
  readonly arrived: number;
  readonly paused: boolean;
  /** A filter is still running over the rows held. */
  readonly busy: boolean;
  /** How far the rows have moved up because older ones fell out, less those loaded in front. */
  readonly shift: number;
  readonly older: OlderState;
  /** Of a row of the table; undefined: a loss stands there, or the packet fell out. */
  at(index: number): PacketRow | undefined;
  lossAt(index: number): LossView | undefined;
  /** The chunks of the message that a row begins, as the same end saw them; undefined: none are held. */
  chunksOf(row: PacketRow): ChunkSum | undefined;
  /** Rows of the table where losses stand, ascending. */
  readonly losses: readonly number[];
  indexOfId(id: number): number;
}

/** The rows of the packet table: those held by the session that pass the filter, behind older ones fetched on demand. */
export class PacketListStore {
  readonly #session: Session;
  readonly #index = new PacketIndex(limits.packetRowsMax);
  readonly #sizes = new MessageSizes();
  readonly #listeners = new Set<() => void>();
  #older: readonly PacketRow[] = [];
  #olderState: OlderState = { kind: 'idle' };
  #filterText = '';
  #range: TimeRange | null = null;
  #pausedAt: number | null = null;
  /** Of the run; while paused as they were then. */
  #losses: readonly LossView[] = [];
  #busy = false;
  #frame = 0;
  #loads = 0;
  #list: PacketList | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  readonly list = (): PacketList => (this.#list ??= this.#snapshot());

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    // The session tells of packets only when the screen may change.
    const unsubscribe = this.#session.subscribePackets(this.#advance);
    const unsubscribeState = this.#session.subscribe(this.#noticeLosses);
    this.#noticeLosses();
    this.#advance();
    return () => {
      this.#listeners.delete(listener);
      unsubscribe();
      unsubscribeState();
      cancelAnimationFrame(this.#frame);
      this.#frame = 0;
    };
  };

  /** @param text the same filter as text, for the recording */
  setFilter(expression: FilterExpression, text: string): void {
    this.#filterText = text;
    this.#index.setFilter(expression);
    this.#forgetOlder();
    this.#advance();
  }

  setRange(range: TimeRange | null): void {
    this.#range = range;
    this.#index.setRange(range, this.#session.packets());
    this.#forgetOlder();
    this.#changed();
  }

  setPaused(paused: boolean): void {
    const held = this.#session.packets();
    this.#pausedAt = paused ? held.first + held.length : null;
    this.#noticeLosses();
    this.#advance();
    this.#changed();
  }

  /** Fetches the page of matching rows before the oldest one here. */
  async loadOlder(): Promise<void> {
    if (this.#olderState.kind === 'loading') return;
    const load = ++this.#loads;
    this.#olderState = { kind: 'loading' };
    this.#changed();
    const state = await this.#fetchOlder(load);
    if (load !== this.#loads) return;
    this.#olderState = state;
    this.#changed();
  }

  async #fetchOlder(load: number): Promise<OlderState> {
    const oldest = this.#older[0] ?? this.#session.packets().at(0);
    const range = this.#range === null ? {} : { fromAt: this.#range.from, toAt: this.#range.to };
    try {
      const answer = await this.#session.request('query_packets', {
        filter: this.#filterText,
        beforeId: oldest?.id ?? 0,
        limit: olderPageRows,
        ...range,
      });
      if (load !== this.#loads) return { kind: 'idle' };
      if (answer.filterError !== null) return { kind: 'failed', message: answer.filterError };
      this.#older = [...answer.rows.toReversed(), ...this.#older];
      if (!answer.more) return { kind: 'complete' };
      return { kind: this.#older.length >= olderRowsMax ? 'full' : 'idle' };
    } catch (error) {
      return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
  }

  #forgetOlder(): void {
    this.#loads++;
    this.#older = [];
    this.#olderState = { kind: 'idle' };
  }

  readonly #noticeLosses = (): void => {
    const losses = this.#session.state().view?.losses ?? [];
    if (losses === this.#losses || this.#pausedAt !== null) return;
    this.#losses = losses;
    this.#changed();
  };

  readonly #advance = (): void => {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#sizes.advance(this.#session.packets(), this.#pausedAt ?? Infinity);
    const done = this.#index.advance(this.#session.packets(), this.#pausedAt ?? Infinity, rowsPerFrame);
    this.#busy = !done;
    if (!done) this.#frame = requestAnimationFrame(this.#advance);
    this.#changed();
  };

  #changed(): void {
    this.#list = null;
    for (const listener of this.#listeners) listener();
  }

  #snapshot(): PacketList {
    const held = this.#session.packets();
    const index = this.#index;
    const older = this.#older;
    const recorded = this.#session.state().packetsRecorded;
    const placeOf = (i: number): number | undefined => index.placeAt(i - older.length);
    const at = (i: number): PacketRow | undefined => {
      if (i < older.length) return older[i];
      const place = placeOf(i);
      // What is held moves on between two lists, so it is asked again; a row that fell out meanwhile is blank.
      const current = this.#session.packets();
      return place === undefined ? undefined : current.at(place - current.first);
    };
    const count = older.length + index.shownCount;
    const rows = withLosses({ count, at }, this.#losses, {
      oldestId: this.#olderState.kind === 'complete' ? 0 : ((older[0] ?? held.at(0))?.id ?? 0),
      range: this.#range,
    });
    const packetOfId = (id: number): number => indexOfId(id, count, at);
    return {
      count,
      rowCount: rows.count,
      olderCount: older.length,
      matchCount: index.matchCount + older.length,
      cutCount: index.shownCuts + older.filter(isCut).length,
      heldCount: held.length,
      notHeld: Math.max(0, recorded - held.length),
      skipped: held.skipped,
      arrived: this.#pausedAt === null ? 0 : Math.max(0, held.first + held.length - this.#pausedAt),
      paused: this.#pausedAt !== null,
      busy: this.#busy,
      shift: index.shownDropped - older.length + rows.before,
      older: this.#olderState,
      at: rows.at,
      lossAt: rows.lossAt,
      chunksOf: (row) => this.#sizes.of(row),
      losses: rows.losses,
      indexOfId: (id) => {
        const packet = packetOfId(id);
        return packet < 0 ? packet : rows.indexOf(packet);
      },
    };
  }
}

/** Rows come in the order of their ids. */
function indexOfId(id: number, count: number, at: (index: number) => PacketRow | undefined): number {
  let low = 0;
  let high = count - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = at(middle)?.id ?? 0;
    if (found === id) return middle;
    if (found < id) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
