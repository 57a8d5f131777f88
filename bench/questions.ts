import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { schemaVersion } from '#engine/recorder/schema.ts';
import { openRecording, type OpenedRecording } from '#engine/recorder/reading/open-recording.ts';
import { seededRandom } from '#shared/base/random.ts';
import { RecordedSource } from '#service/replay/recorded-source.ts';
import { makeJsonLines, makeLargeRecording, messageIdOf, type LargeRecording } from './large-recording.ts';
import { quantile } from './statistics.ts';

const stateKey = new Uint8Array(32).fill(7);
const pageRows = 200;
const pagesAsked = 6;
const countsAsked = 2;

interface Question {
  readonly name: string;
  /** The n-th asking: with other values, where there are such. */
  readonly filter: (n: number) => string;
  /** The same for jq; null: it has no such thing. */
  readonly jq: string | null;
}

interface Asked {
  readonly name: string;
  readonly pageMs: readonly number[];
  readonly countMs: readonly number[];
  readonly count: number;
  readonly jqMs: number | null;
}

export interface QuestionsResult {
  readonly packets: number;
  readonly jsonLines: number;
  readonly made: LargeRecording;
  readonly sizeBytes: number;
  readonly asked: readonly Asked[];
  readonly histogramMs: number;
  /** Answers that it took, between which others are asked. */
  readonly histogramTurns: number;
  readonly openMs: readonly number[];
  readonly foldedMs: number;
  readonly seekMs: readonly number[];
}

function questions(packets: number, rounds: number): readonly Question[] {
  return [
    { name: 'the newest', filter: () => '', jq: 'true' },
    { name: 'a rare status', filter: () => 'status == timeout', jq: '.status == "timeout"' },
    {
      name: 'kind and a long silence',
      filter: () => 'kind == chunk && gap > 5s',
      jq: '.kind == "chunk" and (.gap_ms // 0) > 5000',
    },
    {
      name: 'participant and round',
      filter: (n) => `participant == node-3 && round == ${1 + ((n * 97) % rounds)}`,
      jq: '.participant == "node-3" and .round == 7',
    },
    {
      name: 'a message followed',
      filter: (n) => `message == ${messageIdOf(1 + ((n * 7_654_321) % packets))}`,
      jq: `.message_id == "${messageIdOf(1000)}"`,
    },
    { name: 'a rare kind', filter: () => 'kind == model_update', jq: '.kind == "model_update"' },
    {
      name: 'a common kind, large',
      filter: () => 'kind == chunk && size > 90kB',
      jq: '.kind == "chunk" and .size_bytes > 90000',
    },
    {
      name: 'two statuses',
      filter: () => 'status in (timeout, duplicate)',
      jq: '.status == "timeout" or .status == "duplicate"',
    },
    {
      name: 'text',
      filter: () => 'text ~ "rest will not"',
      jq: '[.protocol, .kind, .note, .message_id, .peer][] | contains("rest will not")',
    },
    {
      name: 'nothing: no such participant and size',
      filter: () => 'participant == nobody && size > 1',
      jq: '.participant == "nobody"',
    },
  ];
}

/** Ten questions to a recording of many packets, opening it and moving in it; beside jq on the same rows as JSON lines. */
export async function benchQuestions(packets: number): Promise<QuestionsResult> {
  const jsonLines = Math.min(packets, 200_000);
  const { path, lines, made, rounds } = asBefore(packets, jsonLines);
  const asked: Asked[] = [];
  let [histogramMs, histogramTurns] = [0, 1];
  {
    await using recording = await openRecording(path, { entry: entryPath('recorder-worker') });
    for (const question of questions(packets, rounds)) {
      asked.push({
        ...(await ask(recording, question)),
        jqMs: question.jq === null ? null : jqMs(lines, question.jq),
      });
      process.stderr.write(`${JSON.stringify(asked.at(-1))}\n`);
    }
    const { firstAt, lastAt } = recording.brief;
    const startedMs = performance.now();
    const bars = { from: firstAt ?? 0, to: lastAt ?? 0, count: 240 };
    while (!(await recording.tallyPackets({ filter: '', beforeId: 0, bars })).complete) histogramTurns++;
    histogramMs = performance.now() - startedMs;
  }
  const openMs: number[] = [];
  for (let i = 0; i < 5; i++) openMs.push(await opened(path, stateKey));
  const foldedMs = await opened(path, undefined);
  return {
    packets,
    jsonLines,
    made,
    sizeBytes: statSync(path).size,
    asked,
    histogramMs,
    histogramTurns,
    openMs,
    foldedMs,
    seekMs: await seeks(path),
  };
}

/** The files of this size: made once, since ten million packets take minutes, and kept for the next time. */
function asBefore(
  packets: number,
  jsonLines: number,
): { readonly path: string; readonly lines: string; readonly made: LargeRecording; readonly rounds: number } {
  const rounds = Math.max(6, Math.round((700 * packets) / 10_000_000));
  const folder = join(tmpdir(), 'roundscope-bench', `questions-${packets}-format-${schemaVersion}`);
  const files = { path: join(folder, 'large.rscope'), lines: join(folder, 'packets.jsonl'), rounds };
  const note = join(folder, 'made.json');
  if (existsSync(note)) {
    process.stderr.write(`made before: ${folder}\n`);
    return { ...files, made: JSON.parse(readFileSync(note, 'utf8')) as LargeRecording };
  }
  process.stderr.write(`making ${folder}, which is kept for the next time; remove it when it is not wanted any more\n`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  makeJsonLines(files.lines, jsonLines, rounds);
  const startedMs = performance.now();
  const made = makeLargeRecording(files.path, { packets, rounds, stateKey });
  const tookS = (performance.now() - startedMs) / 1000;
  process.stderr.write(`made in ${tookS.toFixed(0)} s: ${JSON.stringify(made)}\n`);
  // Last, so that what was made half is made again.
  writeFileSync(`${note}.new`, JSON.stringify(made));
  renameSync(`${note}.new`, note);
  return { ...files, made };
}

async function ask(recording: OpenedRecording, { name, filter }: Question): Promise<Omit<Asked, 'jqMs'>> {
  const pageMs: number[] = [];
  const countMs: number[] = [];
  let count = 0;
  for (let n = 0; n < pagesAsked; n++) {
    const startedMs = performance.now();
    await recording.queryPackets({ filter: filter(n), beforeId: 0, limit: pageRows });
    pageMs.push(performance.now() - startedMs);
  }
  for (let n = 0; n < countsAsked; n++) {
    const startedMs = performance.now();
    ({ count } = await recording.countPackets({ filter: filter(n), beforeId: 0 }));
    countMs.push(performance.now() - startedMs);
  }
  return { name, pageMs, countMs, count };
}

/** From the file's path to the state at its end, as a window asks for it. */
async function opened(path: string, key: Uint8Array | undefined): Promise<number> {
  const startedMs = performance.now();
  await using source = await sourceOf(path, key);
  await source.seek(Number.POSITIVE_INFINITY);
  return performance.now() - startedMs;
}

async function seeks(path: string): Promise<number[]> {
  await using source = await sourceOf(path, stateKey);
  await source.seek(Number.POSITIVE_INFINITY);
  const { from, to } = source.state();
  const random = seededRandom(2);
  const tookMs: number[] = [];
  for (let n = 0; n < 40; n++) {
    const startedMs = performance.now();
    await source.seek(from + random.next() * (to - from));
    tookMs.push(performance.now() - startedMs);
  }
  return tookMs;
}

async function sourceOf(path: string, key: Uint8Array | undefined): Promise<RecordedSource> {
  const recording = await openRecording(path, { entry: entryPath('recorder-worker'), stateKey: key });
  return new RecordedSource(recording, {
    clock: systemClock,
    behind: () => null,
    onInternalError: (error) => process.stderr.write(`${String(error)}\n`),
  });
}

/** Null: jq is not installed. */
function jqMs(lines: string, condition: string): number | null {
  const startedMs = performance.now();
  const { status } = spawnSync('jq', ['-c', `select(${condition})`, lines], { stdio: ['ignore', 'ignore', 'ignore'] });
  return status === 0 ? performance.now() - startedMs : null;
}

export function questionsTable(result: QuestionsResult): string {
  const { packets, jsonLines, made, sizeBytes, asked, histogramMs, histogramTurns, openMs, foldedMs, seekMs } = result;
  const ms = (values: readonly number[], q: number): string => quantile(values, q).toFixed(0);
  const allPages = asked.flatMap(({ pageMs }) => pageMs);
  const allCounts = asked.flatMap(({ countMs }) => countMs);
  const rows = asked.map(({ name, pageMs, countMs, count, jqMs: jq }) => {
    const other = jq === null ? '-' : (jq / 1000).toFixed(1);
    return `| ${name} | ${ms(pageMs, 0.5)} | ${ms(pageMs, 0.95)} | ${count.toLocaleString('en')} | ${ms(countMs, 0.5)} | ${other} |`;
  });
  return [
    `${packets.toLocaleString('en')} packets and ${made.events.toLocaleString('en')} events of ${made.hours.toFixed(1)} h in ${(sizeBytes / 1e9).toFixed(2)} GB; the writer's CPU: ${made.writerCpuS.toFixed(2)} s per 100,000 packets.`,
    `A page has ${pageRows} rows and is asked for ${pagesAsked} times, a count ${countsAsked} times. jq reads ${jsonLines.toLocaleString('en')} of the same rows as JSON lines, once a question, all of them each time: it has no index.`,
    '',
    '| question | first page p50 ms | p95 ms | found | exact count ms | jq on its share, s |',
    '|---|---:|---:|---:|---:|---:|',
    ...rows,
    '',
    `First page over all ten: p95 ${ms(allPages, 0.95)} ms (aim: 100). Exact count: longest ${ms(allCounts, 1)} ms (aim: 1,000). Histogram of everything: ${histogramMs.toFixed(0)} ms in ${histogramTurns} answers, between which other questions have their turn.`,
    `Opened until the state at its end is there: ${ms(openMs, 0.5)} ms (longest ${ms(openMs, 1)}; aim: 1,000); without trust in its kept states, so folded from the beginning: ${foldedMs.toFixed(0)} ms. Any moment of it: p50 ${ms(seekMs, 0.5)}, p95 ${ms(seekMs, 0.95)}, longest ${ms(seekMs, 1)} ms (aim: 200).`,
  ].join('\n');
}
