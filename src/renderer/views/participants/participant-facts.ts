import { contributionOf, isCutOff } from '#renderer/components/words/contribution-facts.ts';
import { formatCount } from '#shared/base/text/counted.ts';
import { timing } from '#shared/contract/limits.ts';
import type { ParticipantView, RunView } from '#shared/run-view/run-view.ts';

/** How long one sign of life has been silent, and what that means. */
export interface ClockAge {
  readonly ms: number;
  readonly state: 'running' | 'over' | 'idle' | 'ended';
}

export interface Clocks {
  readonly link: ClockAge;
  readonly process: ClockAge;
  readonly progress: ClockAge;
}

/** Training reports come three times a second; a silence of this length deserves attention. */
const progressSilentMs = 10_000;

/** How long each sign of life has been silent; the limits are those after which a peer counts as lost. */
export function clocksOf(view: Pick<RunView, 'endedAt' | 'wait'>, participant: ParticipantView, now: number): Clocks {
  const ended = view.endedAt !== null || participant.left !== null;
  const age = (at: number, limitMs: number, idle: boolean): ClockAge => {
    const ms = Math.max(0, now - at);
    return { ms, state: ended ? 'ended' : idle ? 'idle' : ms > limitMs ? 'over' : 'running' };
  };
  // A participant with nothing to do may be silent, unless the others wait for it.
  const idle = (participant.phase === 'wait' || participant.phase === 'idle') && !isWaitedFor(view, participant.id);
  return {
    link: age(participant.lastLinkAt, timing.peerSilentMs, false),
    process: age(participant.lastProcessAt, timing.peerSilentMs, false),
    progress: age(participant.lastProgressAt, progressSilentMs, idle),
  };
}

export function isWaitedFor(view: Pick<RunView, 'wait'>, participant: string): boolean {
  return view.wait?.waitingFor.some((id) => id === participant) === true;
}

export interface PhaseFacts {
  readonly text: string;
  /** Share done; null: it cannot be known. */
  readonly share: number | null;
  readonly kind: 'compute' | 'communicate' | 'wait';
  readonly leftMs: number | null;
  readonly soFarMs: number;
}

/** What a participant does now, with how far it is and about how long it will take. */
export function phaseOf(participant: ParticipantView, now: number, bytesText: (bytes: number) => string): PhaseFacts {
  const { phase, progress, transfer } = participant;
  const soFarMs = Math.max(0, now - participant.phaseSince);
  const left = (share: number, at: number): number | null =>
    share < 0.05 ? null : Math.max(0, ((at - participant.phaseSince) * (1 - share)) / share - (now - at));
  if (phase === 'train') {
    if (progress === null || progress.round !== participant.phaseRound)
      return { text: 'train', share: null, kind: 'compute', leftMs: null, soFarMs };
    const share = Math.min(
      1,
      (Math.max(0, progress.epoch - 1) + progress.batch / Math.max(1, progress.batches)) / Math.max(1, progress.epochs),
    );
    const epoch = progress.epochs > 1 ? `, epoch ${progress.epoch} / ${progress.epochs}` : '';
    return {
      text: `train, batch ${formatCount(progress.batch)} / ${formatCount(progress.batches)}${epoch}`,
      share,
      kind: 'compute',
      leftMs: left(share, progress.at),
      soFarMs,
    };
  }
  if (phase === 'send' || phase === 'receive') {
    if (transfer === null || transfer.totalBytes === 0)
      return { text: phase, share: null, kind: 'communicate', leftMs: null, soFarMs };
    const share = Math.min(1, transfer.sentBytes / transfer.totalBytes);
    return {
      text: `${phase} ${bytesText(transfer.sentBytes)} / ${bytesText(transfer.totalBytes)}`,
      share,
      kind: 'communicate',
      leftMs: left(share, transfer.at),
      soFarMs,
    };
  }
  const words = { wait: 'wait for the others', evaluate: 'evaluate', idle: 'idle' } as const;
  return { text: words[phase], share: null, kind: phase === 'evaluate' ? 'compute' : 'wait', leftMs: null, soFarMs };
}

/** How far another one is in the newest round, as told. */
export function roundWords(view: RunView, id: string): { readonly words: string; readonly isIn: boolean } {
  const round = view.rounds.at(-1);
  const outcome = contributionOf(view, { number: round?.round ?? 0, round }, id);
  switch (outcome.kind) {
    case 'counted':
      return { words: 'counted', isIn: true };
    case 'acknowledged':
      return { words: 'acknowledged', isIn: true };
    case 'running':
      return outcome.how === 'in' ? { words: 'in', isIn: true } : { words: 'not in yet', isIn: false };
    case 'missing':
      // Whoever is not in when a run ends has missed nothing.
      return { words: round !== undefined && isCutOff(view, round) ? 'not in by then' : 'missed', isIn: false };
    case 'not_asked':
      return { words: 'not asked', isIn: false };
    default:
      return { words: 'not told', isIn: false };
  }
}

/** Where the key of a participant is known from; empty: there is none, or nobody told. */
export function keyWords({ self }: Pick<RunView, 'self'>, { id, key, keyProved }: ParticipantView): string {
  if (key === '') return '';
  if (id === self) return 'of this node itself';
  return keyProved ? 'proved: it signed its hello' : '';
}

/** Hex in groups of four, other text as it is: for the eye to compare. */
export function groupKey(key: string): string {
  return /^[0-9a-f]{8,}$/i.test(key) ? (key.match(/.{1,4}/g) ?? []).join(' ') : key;
}

export interface CounterRow {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  /** What is counted, where its name could be taken for something else; else empty. */
  readonly meaning: string;
}

/** Of quinn's statistics of a path, and of loss detection in RFC 9002, which it follows. */
const lostMeaning =
  'Packets of this end that quinn took for lost: later ones were acknowledged first, or no acknowledgement came in time. ' +
  'One that was only late counts too. Within one machine this happens when the receiver is busy and its buffer is full. ' +
  'Probes of the path MTU are not counted here.';
const blackHoleMeaning =
  'How often several bursts of large packets alone were lost: quinn then takes it that the path carries no such packets, ' +
  'and sends smaller ones. A receiver whose buffer is full looks the same; nothing of the data is lost.';

type Counters = readonly { readonly name: string; readonly value: number }[];

/** The figures of quinn's account that tell why a link is slow or stands still, in words; the rest is listed raw. */
export function quicAccount(counters: Counters, bytesText: (bytes: number) => string): readonly CounterRow[] {
  const values = new Map(counters.map((counter) => [counter.name.replace(/^.*\./, ''), counter.value]));
  const count = formatCount;
  const rows: CounterRow[] = [];
  const row = (label: string, name: string, text: (value: number) => string, note = '', meaning = ''): void => {
    const value = values.get(name);
    if (value !== undefined) rows.push({ label, value: text(value), note, meaning });
  };
  row('Congestion window', 'pathCwnd', bytesText);
  const sent = values.get('pathSentPackets');
  row(
    'Lost packets',
    'pathLostPackets',
    (lost) => (sent === undefined ? count(lost) : `${count(lost)} of ${count(sent)}`),
    'not acknowledged in time; sent again',
    lostMeaning,
  );
  row('Congestion events', 'pathCongestionEvents', count);
  row(
    'Stream blocked',
    'frameTxStreamDataBlocked',
    (value) => `${count(value)} frames`,
    values.get('frameTxStreamDataBlocked') === 0 ? 'peer’s window never full' : 'peer’s window was full',
  );
  row('Connection blocked', 'frameTxDataBlocked', (value) => `${count(value)} frames`);
  const updatesOut = values.get('frameTxMaxData');
  row(
    'Window updates',
    'frameRxMaxData',
    (value) => (updatesOut === undefined ? `${count(value)} in` : `${count(value)} in, ${count(updatesOut)} out`),
    'MAX_DATA',
  );
  row('Pings', 'frameTxPing', count);
  row('Path MTU', values.has('pathCurrentMtu') ? 'pathCurrentMtu' : 'pathMtu', (value) => `${count(value)} B`);
  row('Path black holes', 'pathBlackHolesDetected', count, 'bursts of large packets lost', blackHoleMeaning);
  return rows;
}

/** The first eight figures, as on the other end's screen. */
export function shortKey(key: string): string {
  if (key === '') return 'key not known yet';
  return key.length <= 12 ? key : `${groupKey(key).slice(0, 9)}…`;
}
