import { countStep } from '#renderer/components/charts/axis.ts';
import type { ParticipantPhase } from '#shared/contract/events.ts';
import type { ParticipantView, RoundView } from '#shared/run-view/run-view.ts';
import { pausesOf } from '../lanes/lane-layout.ts';
import { shareOf } from '../time-window.ts';
import type { TimeWindow } from '../time-window.ts';

/** The overview is drawn on a field of this size and stretched. */
export const field = { width: 1000, height: 24 } as const;
/** Lanes of the overview; of more participants every n-th is drawn. */
const lanesMax = 12;
/** Rectangles narrower than this are joined with their neighbour of the same phase. */
const joinUnits = 0.6;

export type OverviewPhase = 'receive' | 'train' | 'send' | 'evaluate' | 'paused';
const drawn: ReadonlySet<string> = new Set(['receive', 'train', 'send', 'evaluate', 'paused']);

/** One SVG path for each phase over all lanes: four elements, however long the run is. */
export function overviewPaths(
  participants: readonly ParticipantView[],
  window: TimeWindow,
  now: number,
): Readonly<Record<OverviewPhase, string>> {
  const paths: Record<OverviewPhase, string[]> = { receive: [], train: [], send: [], evaluate: [], paused: [] };
  const every = Math.ceil(participants.length / lanesMax);
  const lanes = participants.filter((_, i) => i % every === 0);
  const pitch = field.height / Math.max(1, lanes.length);
  const height = Math.max(1, pitch * 0.66);
  lanes.forEach((participant, lane) => {
    const y = lane * pitch + (pitch - height) / 2;
    const ends: Partial<Record<OverviewPhase, number>> = {};
    // Pauses come last: they lie over the work that they interrupted.
    const spans = [
      ...participant.segments,
      ...pausesOf(participant, null).map(({ fromAt, toAt }) => ({
        phase: 'paused' as const,
        startedAt: fromAt,
        endedAt: toAt,
      })),
    ];
    for (const { phase, startedAt, endedAt } of spans) {
      if (!isDrawn(phase)) continue;
      const from = Math.max(0, shareOf(window, startedAt) * field.width, ends[phase] ?? 0);
      const to = Math.min(field.width, shareOf(window, endedAt ?? now) * field.width);
      if (to - from < joinUnits && ends[phase] !== undefined && from - ends[phase] < joinUnits) continue;
      if (to <= from) continue;
      ends[phase] = to;
      paths[phase].push(
        `M${from.toFixed(1)} ${y.toFixed(1)}H${to.toFixed(1)}v${height.toFixed(1)}H${from.toFixed(1)}z`,
      );
    }
  });
  return {
    receive: paths.receive.join(''),
    train: paths.train.join(''),
    send: paths.send.join(''),
    evaluate: paths.evaluate.join(''),
    paused: paths.paused.join(''),
  };
}

function isDrawn(phase: ParticipantPhase | 'paused'): phase is OverviewPhase {
  return drawn.has(phase);
}

export interface RoundMark {
  readonly round: number;
  readonly left: number;
}

/** Widths at a desk: a digit of a round's number, and the line with the air after it. */
const digitPx = 6.5;
const airPx = 9;

interface Strip {
  readonly widthPx: number;
  /** That of the type. */
  readonly scale: number;
  /** Share of the strip at which the present is drawn: no number lies under that line. */
  readonly until: number;
}

/** Where rounds begin, as shares of a strip: all of them, or the first and every 2nd, 5th, 10th … as their numbers have room. */
export function roundMarks(
  rounds: readonly RoundView[],
  window: TimeWindow,
  { widthPx, scale, until }: Strip,
): readonly RoundMark[] {
  const [first, last] = [rounds[0], rounds.at(-1)];
  if (first === undefined || last === undefined) return [];
  const room = (round: number): number => ((digitPx * String(round).length + airPx) * scale) / Math.max(1, widthPx);
  const span = shareOf(window, last.startedAt) - shareOf(window, first.startedAt);
  const step = countStep(last.round - first.round, Math.max(1, Math.floor(span / room(last.round))));
  const marks: RoundMark[] = [];
  let free = Number.NEGATIVE_INFINITY;
  for (const one of rounds) {
    if (one !== first && one.round % step !== 0) continue;
    const left = shareOf(window, one.startedAt);
    // Rounds differ in length: a number that would run into the one before it is left out.
    if (left < free || left + room(one.round) > until) continue;
    free = left + room(one.round);
    marks.push({ round: one.round, left });
  }
  return marks;
}
