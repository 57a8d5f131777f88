import type { ParticipantView, RoundView, RunView } from '#shared/run-view/run-view.ts';
import { isParticipantSeat, isTold } from '#shared/run-view/seat.ts';
import { protocols, type Protocol } from '#shared/contract/protocols.ts';
import { countedUpdate, ownNorms } from '#renderer/components/words/contribution-facts.ts';
import { splitOf } from '#renderer/components/charts/time-split.ts';
import type { Point } from '#renderer/components/charts/down-sample.ts';

export type XAxis = 'round' | 'time';

/** A line of a chart; x is a round or seconds since the run began. */
export interface Series {
  readonly id: string;
  readonly label: string;
  readonly group: 'global' | 'local' | 'other';
  readonly protocol: Protocol | null;
  readonly points: readonly Point[];
}

const secondsIn = (view: RunView, at: number): number => (at - view.startedAt) / 1000;

function endOf(round: RoundView): number {
  return round.endedAt ?? round.aggregatedAt ?? round.startedAt;
}

/** Loss or accuracy of the global model, and of each participant after its own training. */
export function qualitySeries(view: RunView, what: 'loss' | 'accuracy', axis: XAxis): readonly Series[] {
  const global: Point[] = [];
  for (const round of view.rounds) {
    const y = round[what];
    if (y !== null && Number.isFinite(y))
      global.push({ x: axis === 'round' ? round.round : secondsIn(view, endOf(round)), y });
  }
  const locals = seenHere(view).map((participant): Series => ({
    id: participant.id,
    label: participant.id,
    group: 'local',
    protocol: participant.protocol,
    points: participant.trainings
      .filter((training) => Number.isFinite(training[what]))
      .map((training) => ({ x: axis === 'round' ? training.round : secondsIn(view, training.at), y: training[what] })),
  }));
  return [...locals, { id: 'global', label: 'global', group: 'global', protocol: null, points: global }];
}

/** Mean F1 of the classes, of the global model; no points where nobody sent a matrix. */
export function macroF1Series(view: RunView, axis: XAxis): readonly Series[] {
  const points = view.rounds.flatMap((round): readonly Point[] =>
    round.macroF1 === null
      ? []
      : [{ x: axis === 'round' ? round.round : secondsIn(view, endOf(round)), y: round.macroF1 }],
  );
  return points.length === 0 ? [] : [{ id: 'macro-f1', label: 'macro F1', group: 'other', protocol: null, points }];
}

/** Round trips as the links measured them. By round, a moment lies between its round's start and the next one's. */
export function roundTripSeries(view: RunView, axis: XAxis): readonly Series[] {
  return seenHere(view).map((participant) => ({
    id: participant.id,
    label: participant.id,
    group: 'other',
    protocol: participant.protocol,
    points: participant.rtt.map((sample) => ({
      x: axis === 'round' ? roundAt(view.rounds, sample.at) : secondsIn(view, sample.at),
      y: sample.ms,
    })),
  }));
}

/** A moment on the axis of rounds: 2.5 is half way through round 3, since what a round brought stands at its number. */
export function roundAt(rounds: readonly RoundView[], at: number): number {
  let low = 0;
  let high = rounds.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if ((rounds[middle] as RoundView).startedAt <= at) low = middle + 1;
    else high = middle - 1;
  }
  const round = rounds[high];
  if (round === undefined) return 0;
  // How long the running round will take is not known yet; the one before it is the best guess.
  const before = rounds[high - 1];
  const usual = before === undefined ? at - round.startedAt + 1 : round.startedAt - before.startedAt;
  const end = rounds[high + 1]?.startedAt ?? round.endedAt ?? round.startedAt + usual;
  return round.round - 1 + Math.max(0, Math.min(1, (at - round.startedAt) / Math.max(1, end - round.startedAt)));
}

/** Norm of each update and its cosine to the step that was taken, which a participant is not told. */
export function updateSeries(
  view: RunView,
  axis: XAxis,
): { readonly norm: readonly Series[]; readonly cosine: readonly Series[] } {
  if (isParticipantSeat(view)) return { norm: seenHere(view).map((own) => ownNormSeries(view, own, axis)), cosine: [] };
  const of = (participant: ParticipantView, what: 'norm' | 'cosine'): Series => {
    const points: Point[] = [];
    for (const round of view.rounds) {
      const update = countedUpdate(round, participant.id);
      const y = update?.[what];
      if (update !== undefined && y !== null && y !== undefined && Number.isFinite(y)) {
        points.push({ x: axis === 'round' ? round.round : secondsIn(view, update.at), y });
      }
    }
    return {
      id: participant.id,
      label: participant.id,
      group: participant.id === view.self ? 'global' : 'local',
      protocol: participant.protocol,
      points,
    };
  };
  return {
    norm: view.participants.map((one) => of(one, 'norm')),
    cosine: view.participants.map((one) => of(one, 'cosine')),
  };
}

function ownNormSeries(view: RunView, own: ParticipantView, axis: XAxis): Series {
  return {
    id: own.id,
    label: own.id,
    group: 'global',
    protocol: own.protocol,
    points: ownNorms(view.contributions).map(({ round, at, norm }) => ({
      x: axis === 'round' ? round : secondsIn(view, at),
      y: norm,
    })),
  };
}

/** Those whose links and work this app sees; from a participant's chair itself alone. */
export function seenHere(view: RunView): readonly ParticipantView[] {
  return view.participants.filter(({ id }) => !isTold(view, id));
}

/** Where the time of a round went. */
export interface TimeSplit {
  readonly round: number;
  /** Seconds since the run began at which the round began. */
  readonly startS: number;
  readonly endS: number;
  readonly computeS: number;
  readonly communicateS: number;
  readonly waitS: number;
}

/** Mean over the participants that took part, for every round that has ended. */
export function timeSplits(view: RunView): readonly TimeSplit[] {
  const splits: TimeSplit[] = [];
  for (const round of view.rounds) {
    if (round.endedAt === null) continue;
    const ended = round.endedAt;
    const parts = view.participants
      .map((participant) => splitOf(participant.segments, round.round, ended))
      .filter((part) => part.compute + part.communicate + part.wait > 0);
    if (parts.length === 0) continue;
    const mean = (what: 'compute' | 'communicate' | 'wait'): number =>
      parts.reduce((sum, part) => sum + part[what], 0) / parts.length;
    splits.push({
      round: round.round,
      startS: secondsIn(view, round.startedAt),
      endS: secondsIn(view, ended),
      computeS: mean('compute'),
      communicateS: mean('communicate'),
      waitS: mean('wait'),
    });
  }
  return splits;
}

export interface ProtocolBytes {
  readonly protocol: Protocol;
  readonly participants: number;
  readonly payload: number;
  readonly wire: number;
}

/** Bytes of the whole run by transport: what was meant, and what it took on the wire. */
export function bytesByProtocol(participants: readonly ParticipantView[]): readonly ProtocolBytes[] {
  const sums = new Map<Protocol, ProtocolBytes>();
  for (const { protocol, link } of participants) {
    const before = sums.get(protocol) ?? { protocol, participants: 0, payload: 0, wire: 0 };
    sums.set(protocol, {
      protocol,
      participants: before.participants + 1,
      payload: before.payload + link.payloadSentBytes + link.payloadReceivedBytes,
      wire: before.wire + link.sentBytes + link.receivedBytes,
    });
  }
  // In an order of their own: rows that change places cannot be read.
  return [...sums.values()].toSorted((a, b) => protocols.indexOf(a.protocol) - protocols.indexOf(b.protocol));
}

/** How far an axis has something to read: the newest round, or seconds since the run began. */
export function reachedOf(view: RunView, axis: XAxis, now: number): number {
  return axis === 'round' ? Math.max(1, view.rounds.at(-1)?.round ?? 1) : secondsIn(view, view.endedAt ?? now);
}

/** Where figures are read for a pointer at `at`: at a whole round or a moment, never beyond what there is. */
export function crossAt(at: number, axis: XAxis, reached: number): number {
  return axis === 'time' ? Math.min(reached, Math.max(0, at)) : Math.min(reached, Math.max(1, Math.round(at)));
}

/** The value of a series at `x`: its last point at or before it. */
export function valueAt(points: readonly Point[], x: number): number | null {
  let low = 0;
  let high = points.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if ((points[middle] as Point).x <= x + 1e-9) low = middle + 1;
    else high = middle - 1;
  }
  return points[high]?.y ?? null;
}

/** All series as rows of a table, for other programs. Text that a spreadsheet would run as a formula is quoted off. */
export function seriesCsv(
  charts: readonly { readonly name: string; readonly series: readonly Series[] }[],
  axis: XAxis,
): string {
  const cell = (text: string): string => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const lines = [`metric,series,${axis === 'round' ? 'round' : 'seconds'},value`];
  for (const chart of charts) {
    for (const one of chart.series)
      for (const point of one.points) lines.push(`${cell(chart.name)},${cell(one.label)},${point.x},${point.y}`);
  }
  return `${lines.join('\r\n')}\r\n`;
}
