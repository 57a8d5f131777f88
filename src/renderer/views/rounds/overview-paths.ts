import type { ParticipantPhase } from '#shared/contract/events.ts';
import type { ParticipantView, RoundView } from '#shared/run-view/run-view.ts';
import { pausesOf } from './lane-layout.ts';
import { shareOf } from './time-window.ts';
import type { TimeWindow } from './time-window.ts';

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

/** Share of the strip that a digit of a round's number takes, and the air after the number before it. */
const digitShare = 0.009;

/** Where rounds begin, as shares of the strip; of a long run those that have room for their numbers. */
export function roundMarks(rounds: readonly RoundView[], window: TimeWindow): readonly RoundMark[] {
  const marks: RoundMark[] = [];
  for (const { round, startedAt } of rounds) {
    const left = shareOf(window, startedAt);
    const gap = left - (marks.at(-1)?.left ?? -1);
    if (gap > digitShare * (String(round).length + 1)) marks.push({ round, left });
  }
  return marks;
}
