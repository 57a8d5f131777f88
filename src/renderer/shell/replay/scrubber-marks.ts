import type { RecordingMarks } from '#shared/contract/app/source.ts';
import { injectedWords } from '#renderer/components/words/fault-words.ts';

/** So many numbers of rounds have room beside each other in a narrow window. */
const labelsMax = 12;
/** Ticks closer than this can not be told apart. */
const ticksMax = 240;
const spansMax = 200;
/** Of the whole, so that a short one is seen. */
const widthLeast = 0.3;

interface Mark {
  /** Per cent of the track. */
  readonly left: number;
}
interface Span extends Mark {
  readonly width: number;
  readonly title: string;
}

export interface DrawnMarks {
  readonly rounds: readonly (Mark & { readonly label: string })[];
  readonly verdicts: readonly Span[];
  readonly faults: readonly Span[];
}

/** Where the marks of a recording stand on its track, as many as have room. */
export function drawnMarks(marks: RecordingMarks, span: { readonly from: number; readonly to: number }): DrawnMarks {
  const length = span.to - span.from;
  const place = (at: number): number =>
    length <= 0 ? 0 : Math.min(100, Math.max(0, ((at - span.from) / length) * 100));
  const spanOf = (from: number, to: number | null, title: string): Span => {
    const left = place(from);
    return { left, width: Math.max(widthLeast, place(to ?? span.to) - left), title };
  };
  const tickEach = Math.ceil(marks.rounds.length / ticksMax);
  const labelEach = Math.ceil(marks.rounds.length / labelsMax);
  return {
    rounds: marks.rounds.flatMap(({ round, from }, i) =>
      i % tickEach === 0 || i % labelEach === 0
        ? [{ left: place(from), label: i % labelEach === 0 ? String(round) : '' }]
        : [],
    ),
    verdicts: marks.verdicts.slice(0, spansMax).map(({ from, to, sentence }) => spanOf(from, to, sentence)),
    faults: marks.faults
      .slice(0, spansMax)
      .map(({ from, to, fault, participant }) => spanOf(from, to, `${injectedWords(fault)} on ${participant}`)),
  };
}
