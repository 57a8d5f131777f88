import { nameOf, type LibraryRecording } from '#shared/contract/app/library.ts';
import { searchedText } from '#renderer/session/recordings/library.ts';

export const sortKeys = ['name', 'when', 'length', 'rounds', 'participants', 'accuracy', 'verdicts', 'size'] as const;
export type SortKey = (typeof sortKeys)[number];

export interface Order {
  readonly by: SortKey;
  readonly descending: boolean;
}

export const choices = ['all', 'pinned', 'verdicts', 'cut'] as const;
export type Choice = (typeof choices)[number];

const valueOf: { readonly [K in SortKey]: (recording: LibraryRecording) => number | string } = {
  name: (one) => nameOf(one).toLowerCase(),
  when: ({ startedAt }) => startedAt,
  length: lengthMs,
  rounds: ({ roundsCompleted }) => roundsCompleted,
  participants: ({ participants }) => participants,
  // None is less than any.
  accuracy: ({ accuracy }) => accuracy ?? -1,
  verdicts: ({ verdicts }) => verdicts,
  size: ({ sizeBytes }) => sizeBytes,
};

const isOf: { readonly [C in Choice]: (recording: LibraryRecording) => boolean } = {
  all: () => true,
  pinned: ({ notes }) => notes.pinned,
  verdicts: ({ verdicts }) => verdicts > 0,
  cut: isCutOff,
};

export function lengthMs({ startedAt, lastAt }: Pick<LibraryRecording, 'startedAt' | 'lastAt'>): number {
  return Math.max(0, lastAt - startedAt);
}

/** Its file was cut, or it stops without the end of its run and nobody writes it any more. */
export function isCutOff({ status, goesOn, cut }: Pick<LibraryRecording, 'status' | 'goesOn' | 'cut'>): boolean {
  return cut !== null || (status === null && !goesOn);
}

/** Those of a choice that have each of the words, in the order that was asked for; equal ones by time, the latest first. */
export function ordered(
  recordings: readonly LibraryRecording[],
  { by, descending }: Order,
  { choice, words }: { readonly choice: Choice; readonly words: string },
): readonly LibraryRecording[] {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const value = valueOf[by];
  const compare = (a: LibraryRecording, b: LibraryRecording): number => {
    const [left, right] = [value(a), value(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  };
  return recordings
    .filter((one) => isOf[choice](one) && wanted.every((word) => searchedText(one).includes(word)))
    .toSorted((a, b) => (descending ? compare(b, a) : compare(a, b)) || b.startedAt - a.startedAt);
}

export function countOf(recordings: readonly LibraryRecording[], choice: Choice): number {
  return recordings.filter(isOf[choice]).length;
}
