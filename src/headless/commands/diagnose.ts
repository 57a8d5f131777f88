import { styleText } from 'node:util';
import { counted } from '#shared/base/text/counted.ts';
import { roughDuration } from '#shared/base/text/duration.ts';
import { visibleText, visibleWithin } from '#shared/base/text/visible-text.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { anyLost, lossTotals, lostWords } from '#shared/run-view/loss-words.ts';
import type { RunView, VerdictView } from '#shared/run-view/run-view.ts';
import { diagnoseAgain, type DiagnosedAgain, type VerdictOfNow } from '#service/replay/diagnose-again.ts';
import { foldRecording } from '#service/library/recorded-runs.ts';
import type { Command } from '../arguments.ts';
import { complain } from '../complain.ts';
import { lineOf, writeOut } from '../json-lines.ts';
import { openNamed, recordingPath, recordingPositional } from '../options/recording-argument.ts';

/** The verdicts of a recording: those that were raised while it ran, and what the rules say of its rows now. */
export const diagnose: Command = {
  name: 'diagnose',
  summary:
    'Says what held a recorded run up, with the evidence: as it was said then, and diagnosed again from what was recorded. ' +
    'Exit status 3: there are verdicts; 0: there are none; 1: the recording cannot be read.',
  positionals: [recordingPositional],
  options: [{ name: 'json', help: 'one verdict a line, those of then and those diagnosed again, a summary last' }],
  examples: [
    'roundscope diagnose r-7f3a2c.rscope',
    "roundscope diagnose r-7f3a2c.rscope --json | jq -r '.rule // empty'",
  ],
  run: async (args) => {
    const path = recordingPath(args);
    if (path === null) return complain('diagnose takes a recording.', exitStatus.usage);
    await using recording = await openNamed(path);
    const { brief } = recording;
    const { view, malformed } = await foldRecording(recording, brief);
    const again = await diagnoseAgain(recording);
    const lost = lossTotals(view.recorder);
    if (args.has('json')) {
      for (const verdict of view.verdicts) await writeOut(lineOf({ event: 'verdict', ...jsonOf(verdict) }));
      for (const verdict of again.verdicts) await writeOut(lineOf({ event: 'verdict_now', ...nowJson(verdict) }));
      const { run, name, rounds } = view;
      await writeOut(
        lineOf({
          event: 'summary',
          run,
          name,
          status: brief.ended?.status ?? null,
          verdicts: view.verdicts.length,
          verdictsNow: again.verdicts.length,
          agrees: isSame(view, again),
          roundsCompleted: Math.max(view.roundsCompleted, rounds.filter(({ state }) => state === 'done').length),
          lostEvents: lost.events,
          lostPackets: lost.packets,
          malformedEvents: malformed,
          missing: brief.cut,
        }),
      );
    } else {
      await writeOut(`${wordsOf(view, brief.ending)}${nowWords(view, again)}`);
    }
    // Without these nobody can say that nothing else happened.
    if (malformed > 0) process.stderr.write(`${counted(malformed, 'event')} could not be read.\n`);
    if (anyLost(lost)) process.stderr.write(`Missing in this recording: ${lostWords(lost)}.\n`);
    return view.verdicts.length + again.verdicts.length > 0 ? exitStatus.stalled : exitStatus.completed;
  },
};

function jsonOf(verdict: VerdictView): object {
  const { verdict: id, at, detectedAfterMs, nextAction: _action, nextActionAt: _actionAt, ...rest } = verdict;
  return { id, raisedAt: at, detectedAfterS: detectedAfterMs / 1000, ...rest };
}

function wordsOf(view: RunView, ending: string): string {
  const shown = visibleWithin(view);
  const head = `${shown.run} (${shown.name}). ${visibleText(ending)}`;
  if (shown.verdicts.length === 0) return `${head}\nNo verdict: nothing held this run up.\n`;
  return [head, ...shown.verdicts.flatMap((verdict) => verdictLines(verdict)), ''].join('\n');
}

function verdictLines(verdict: VerdictView): string[] {
  const { sentence, rule, layer, subject, injected, clearedAt, clearedBecause, explanation, evidence } = verdict;
  const lasted =
    clearedAt === null
      ? 'it stood when the recording ended'
      : `over after ${roughDuration(Math.max(0, clearedAt - verdict.since))}: ${clearedBecause}`;
  return [
    '',
    styleText('red', sentence, { stream: process.stdout }),
    `  ${rule}, ${layer}, ${subject}${injected === undefined ? '' : `, injected fault ${injected}`}`,
    `  since ${timeOfDay(verdict.since)}, round ${verdict.round}, named after ${roughDuration(verdict.detectedAfterMs)}; ${lasted}`,
    `  ${explanation}`,
    ...evidence.map(({ ref, at, text }) => `  ${ref.padEnd(14)} ${timeOfDay(at)}  ${text}`),
  ];
}

/** `21:10:25`, on this machine's clock. */
function timeOfDay(at: number): string {
  const when = new Date(at);
  return Number.isNaN(when.getTime()) ? 'not known' : when.toTimeString().slice(0, 8);
}

/** Which rule named whom, each once. */
function named(verdicts: readonly { readonly rule: string; readonly subject: string }[]): readonly string[] {
  return [...new Set(verdicts.map(({ rule, subject }) => `${rule} (${subject})`))].toSorted((a, b) => (a < b ? -1 : 1));
}

function isSame(view: RunView, { verdicts }: DiagnosedAgain): boolean {
  const [then, now] = [named(view.verdicts), named(verdicts.map(({ data }) => data))];
  return then.join('\n') === now.join('\n');
}

function nowJson({ data, at, clearedAt }: VerdictOfNow): object {
  const { verdict: id, detectedAfterMs, nextAction: _action, nextActionAt: _actionAt, ...rest } = data;
  return { id, raisedAt: at, clearedAt, detectedAfterS: detectedAfterMs / 1000, ...rest };
}

function nowWords(view: RunView, again: DiagnosedAgain): string {
  if (isSame(view, again)) return 'Diagnosed again from what was recorded: the same.\n';
  const then = named(view.verdicts);
  const now = named(again.verdicts.map(({ data }) => data));
  const onlyNow = again.verdicts.filter(({ data }) => !then.includes(`${data.rule} (${data.subject})`));
  const lines = [
    'Diagnosed again from what was recorded, it is not the same:',
    ...then.filter((one) => !now.includes(one)).map((one) => `  not said any more: ${one}`),
    ...onlyNow.map(
      ({ data, at }) => `  said now: ${data.sentence} (${data.rule}, ${data.subject}, from ${timeOfDay(at)} on)`,
    ),
    '',
  ];
  return lines.map((line) => visibleText(line)).join('\n');
}
