import { subjects } from '#engine/diagnosis/finding.ts';
import { decodeInvitation } from '#engine/identity/invitation.ts';
import type { Invitation } from '#shared/contract/app/invitation.ts';
import type { Command, Line, Summary } from '../../cli/command-line.ts';

/** Trains as slowly as it is told. */
const preload = new URL('slow-training.ts', import.meta.url).href;

/** With `heap`: each process writes into that folder, every so many ms, what is alive in its memory. */
export function slowTraining(
  trainingMs: number,
  heap: { readonly folder: string; readonly everyMs: number } | null = null,
): Readonly<Record<string, string>> {
  const sampled = heap === null ? {} : { HEAP_FOLDER: heap.folder, HEAP_MS: String(heap.everyMs) };
  return { NODE_OPTIONS: `--import ${preload}`, TRAINING_MS: String(trainingMs), ...sampled };
}

export function invitationIn(text: string): Invitation {
  const decoded = decodeInvitation(text);
  if (!decoded.ok) throw new Error('the coordinator printed no invitation');
  return decoded.value;
}

const of = (lines: readonly Line[], event: string): readonly Line[] => lines.filter((line) => line.event === event);

/** Refusals at its doors by the coordinator's own count, told one by one and those beyond what it tells. */
export function refusalsOf({ lines }: Command): number {
  const told = of(lines, 'participant_refused').length;
  return told + Number(of(lines, 'peers_unrecorded').at(-1)?.['refusals'] ?? 0);
}

/** Of each round that is over, ms. */
export function roundTimes({ lines }: Command): readonly number[] {
  return of(lines, 'round_ended').map((line) => Number(line['duration_ms']));
}

export function roundsDone({ lines }: Command): number {
  return of(lines, 'round_ended').length;
}

/** Most of each process's memory so far, bytes. */
export function memoryMax({ lines }: Command): Readonly<Record<string, number>> {
  const most: Record<string, number> = {};
  for (const line of of(lines, 'process_stats')) {
    const name = String(line['name']);
    most[name] = Math.max(most[name] ?? 0, Number(line['memory_bytes']));
  }
  return most;
}

/** Processes that ended before their time; each should be empty. */
export function unexpectedEnds({ lines }: Command): readonly string[] {
  return of(lines, 'process_exited')
    .filter((line) => line['expected'] !== true)
    .map((line) => `${String(line['name'])}: ${String(line['note'])}`);
}

/** Those who take part by the coordinator's word and were not invited to: it has let in who has the invitation, and no one else. */
export function strangersIn({ lines }: Command, invited: readonly string[]): readonly string[] {
  const joined = of(lines, 'participant_joined').map((line) => String(line['participant']));
  return joined.filter((name) => !invited.includes(name));
}

/** Updates that did not count, by the summary of a run that has ended. */
export function lostContributions(summary: Summary, invited: readonly string[]): number {
  const counted = new Map(summary.participants.map(({ id, contributions }) => [id, contributions]));
  return invited.reduce((lost, name) => lost + summary.rounds_completed - (counted.get(name) ?? 0), 0);
}

/**
 * Verdicts on who is besieged: none of them has done anything. One on what they share with the besieger is true while it
 * floods that: on a machine with little to spare both labs of a flooded broker are out of reach for seconds, and said to be.
 */
export function blamed({ verdicts }: Pick<Summary, 'verdicts'>): Summary['verdicts'] {
  const shared: readonly string[] = [subjects.network, subjects.broker];
  return verdicts.filter(({ subject }) => !shared.includes(subject));
}

/** What is told several times a second, of a run that goes on for an hour. */
const chatter: ReadonlySet<string> = new Set([
  'training_progress',
  'link_stats',
  'recorder_stats',
  'process_stats',
  'round_status',
  'round_phase',
  'participant_phase',
  'transfer_progress',
]);

/** What a command has told so far. */
type Told = Pick<Command, 'lines'>;

/** Events by which a run is checked. */
export const checked = ({ event }: Line): boolean => !chatter.has(event);

/** The same of a run that goes on, by the rounds that are over. */
export function missingSoFar({ lines }: Told, invited: readonly string[]): number {
  return of(lines, 'round_ended').reduce((missing, { contributions }) => {
    const counted: readonly unknown[] = Array.isArray(contributions) ? contributions : [];
    return missing + invited.filter((name) => !counted.includes(name)).length;
  }, 0);
}

/** A verdict, with what it was told of and when, for whoever checks it. */
export interface ToldVerdict {
  /** In whose eyes. */
  readonly by: string;
  readonly rule: string;
  readonly subject: string;
  readonly sentence: string;
  readonly explanation: string;
  readonly evidence: unknown;
  /** When it began, was told and was over, ISO 8601; null: it stands. */
  readonly since: string;
  readonly toldAt: string;
  readonly over: string | null;
}

/** Every verdict once, however often it was told again. */
export function verdictsIn({ lines }: Told, by: string): readonly ToldVerdict[] {
  const cleared = new Map(of(lines, 'verdict_cleared').map(({ verdict, at }) => [verdict, time(at)]));
  const verdicts = new Map<unknown, ToldVerdict>();
  for (const line of of(lines, 'verdict_raised')) {
    const { verdict, evidence, at, since } = line;
    if (verdicts.has(verdict)) continue;
    const [rule, subject] = [String(line['rule']), String(line['subject'])];
    const [sentence, explanation] = [String(line['sentence']), String(line['explanation'])];
    const over = cleared.get(verdict) ?? null;
    const told = { by, rule, subject, sentence, explanation, evidence, since: time(since), toldAt: time(at), over };
    verdicts.set(verdict, told);
  }
  return [...verdicts.values()];
}

function time(at: unknown): string {
  return new Date(Number(at)).toISOString();
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
