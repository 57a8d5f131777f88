import { limits } from '#shared/contract/limits.ts';
import type { RecordedEvent } from '#shared/contract/events.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import type { FromRenderer, FromService, PortAnswers, RequestName, RequestOf } from '#shared/contract/app/port-api.ts';
import type { Port } from '#shared/port/port.ts';
import { applyEvent } from '#shared/run-view/apply/apply-event.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { tallyHeld } from '#service/windows/tally-held.ts';
import type { Recorded } from '../recorded/recorded-session.ts';
import { recordedLibrary } from '../recorded/recorded-library.ts';
import {
  seatAddresses,
  seatApprovals,
  seatChecks,
  seatFolders,
  seatNetwork,
  seatPreview,
  seatRecentRuns,
  seatSent,
} from '../kits/seat-answers.ts';

export interface ReplayOptions {
  /** Empty: no run yet. */
  readonly items: readonly Recorded[];
  readonly now: () => number;
  /** Calls back until stopped; the caller owns the timer. */
  readonly every: (ms: number, callback: () => void) => () => void;
  /** Changes what is answered to a request; absent: nothing. */
  readonly altered?: <T>(answer: T) => T;
}

const batchMs = 100;

/** The service's end of a port, played from a recording in real time: snapshot first, batches as their time comes. */
export function replayPort(options: ReplayOptions): Port {
  let listener: ((message: FromService) => void) | undefined;
  let position = 0;
  let batches = 0;
  const take = (until: number): { events: RecordedEvent[]; packets: PacketRow[] } => {
    const events: RecordedEvent[] = [];
    const packets: PacketRow[] = [];
    for (let item = options.items[position]; item !== undefined && item.at <= until; item = options.items[++position]) {
      if ('event' in item) events.push(item.event);
      else packets.push(item.packet);
    }
    return { events, packets };
  };
  const first = take(options.now());
  let view: RunView | null = null;
  for (const event of first.events) view = applyEvent(view, event);
  const snapshot: FromService = {
    type: 'snapshot',
    app: {
      version: '0.1.0',
      mode: 'browser',
      platform: 'linux',
      dataFolder: '/home/lab/.local/share/roundscope',
      homeFolder: '/home/lab',
      ownName: 'lab-2',
      canChooseFolder: false,
    },
    invitation: null,
    source: { kind: 'live' },
    view,
    packets: first.packets.slice(-limits.packetRowsMax),
    packetsRecorded: first.packets.length,
    comparison: null,
  };
  const stop = options.every(batchMs, () => {
    const { events, packets } = take(options.now());
    if (events.length === 0 && packets.length === 0) return;
    listener?.({ type: 'batch', batch: ++batches, events, packets, skippedPackets: 0 });
  });
  const shown = (): readonly PacketRow[] =>
    options.items.slice(0, position).flatMap((item) => ('packet' in item ? [item.packet] : []));
  return {
    post: (message) => {
      const request = message as FromRenderer;
      if (request.type !== 'request') return;
      const value = (options.altered ?? asItIs)(answerTo(request, shown));
      const answer: FromService = { type: 'answer', id: request.id, ok: true, value };
      queueMicrotask(() => listener?.(answer));
    },
    onMessage: (next) => {
      listener = next;
      queueMicrotask(() => next(snapshot));
    },
    onClose: () => undefined,
    close: stop,
  };
}

const asItIs = <T>(value: T): T => value;

function answerTo(request: Extract<FromRenderer, { type: 'request' }>, shown: () => readonly PacketRow[]): unknown {
  const params = request.params as Record<string, number>;
  const answers: { [N in RequestName]: () => PortAnswers[N] } = {
    start_demo: () => ({ run: 'r-7f3a2c' }),
    start_comparison: () => ({}),
    stop_run: () => ({ stopped: true }),
    inject_fault: () => ({}),
    clear_fault: () => ({}),
    set_network: () => ({}),
    join_run: () => ({ run: 'r-7f3a2c' }),
    query_packets: () => {
      const before = params['beforeId'] || Number.POSITIVE_INFINITY;
      const rows = shown()
        .filter((row) => row.id < before)
        .slice(-(params['limit'] ?? 100))
        .toReversed();
      return { rows, more: (rows.at(-1)?.id ?? 1) > 1, filterError: null };
    },
    packet_detail: () => ({ packet: detailOf(shown().find((row) => row.id === params['id'])) }),
    tally_packets: () => ({ ...tallyHeld(shown(), request.params as RequestOf<'tally_packets'>), unrecorded: 0 }),
    approvals: () => seatApprovals(),
    what_left: () => seatSent(),
    save_recording: () => ({ path: '~/.local/share/roundscope/saved/r-7f3a2c.rscope', sizeBytes: 4_100_000 }),
    preview_split: () => previewOf((request.params as { settings: { participants: number } }).settings.participants),
    check: () => ({ lines: checkLines }),
    check_invitation: () => seatChecks((request.params as RequestOf<'check_invitation'>).invitation),
    preview_data: () => seatPreview(request.params as RequestOf<'preview_data'>),
    preview_network: () => seatNetwork(request.params as RequestOf<'preview_network'>),
    coordinate_run: () => ({ run: 'r-7f3a2c', invitation: 'roundscope://join?i=' }),
    start_now: () => ({}),
    decide_admission: () => ({}),
    expel_participant: () => ({ nameStays: false }),
    renew_invitation: () => ({ invitation: 'roundscope://join?i=' }),
    invite_participant: () => ({ invitation: 'roundscope://join?i=' }),
    set_paused: () => ({}),
    keep_trying: () => ({}),
    try_now: () => ({}),
    recent_runs: () => ({ runs: shown().length === 0 ? [] : seatRecentRuns(Date.now()) }),
    complete_path: () => seatFolders((request.params as RequestOf<'complete_path'>).path),
    choose_folder: () => ({ path: null }),
    own_addresses: () => seatAddresses,
    list_recordings: () => recordedLibrary(Date.now()),
    annotate_recording: () => ({}),
    delete_recording: () => ({
      deleted: { id: '1-a', name: 'first try', sizeBytes: 44e6, until: Date.now() + 30_000 },
    }),
    restore_recording: () => ({ path: '' }),
    import_recording: () => ({ path: null }),
    cancel_import: () => ({}),
    open_recording: () => ({}),
    close_recording: () => ({}),
    seek: () => ({}),
    play: () => ({}),
    step: () => ({}),
    recording_marks: () => ({ rounds: [], verdicts: [], faults: [], dropped: 0 }),
  };
  return answers[request.name]();
}

function detailOf(row: PacketRow | undefined): PortAnswers['packet_detail']['packet'] {
  if (row === undefined) return null;
  const header = {
    version: 1,
    run: 'r-7f3a2c',
    sender: row.direction === 'up' ? row.participant : 'coordinator',
    kind: row.kind,
    round: row.round,
    id: row.messageId,
    sent_at: row.at,
    body: { purpose: 'train' },
    ...(row.kind === 'model_update'
      ? { payload: { hash: 'ab'.repeat(32), length: 9_380_000, encoding: 'safetensors' } }
      : {}),
  };
  return {
    ...row,
    header: JSON.stringify(header),
    bodySample: Uint8Array.from({ length: 256 }, (_, i) => (i * 37) % 256),
  };
}

function previewOf(participants: number): PortAnswers['preview_split'] {
  const shares = Array.from({ length: participants }, (_, i) => {
    const classCounts = Array.from({ length: 10 }, (_, c) =>
      Math.round(4 + 90 * Math.abs(Math.sin((i + 1) * 2.3 + c * 1.7)) ** 4),
    );
    return { participant: `node-${i + 1}`, examples: classCounts.reduce((sum, count) => sum + count, 0), classCounts };
  });
  return { classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], shares };
}

const checkLines: PortAnswers['check']['lines'] = [
  { what: 'quic', state: 'works', detail: 'quinn, native part loaded', fix: '', required: true },
  {
    what: 'quic, WebTransport',
    state: 'needs_a_step',
    detail: 'HTTP/3 part is not installed',
    fix: 'HTTP/2 is used instead',
    required: false,
  },
  { what: 'mqtt', state: 'works', detail: 'built-in broker', fix: '', required: true },
  { what: 'trainer', state: 'works', detail: 'onnxruntime, 2 threads', fix: '', required: true },
  { what: 'data', state: 'works', detail: 'digits, 1,797 images', fix: '', required: true },
  { what: 'recorder', state: 'works', detail: '212 GB free', fix: '', required: true },
];
