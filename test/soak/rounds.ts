import assert from 'node:assert/strict';
import { assertFlawless, Command, nothingLeft } from '../cli/command-line.ts';

/** Processes settle while the first rounds warm them up; what grows after this share of the run is a leak. */
const warmUpShare = 0.3;
const growthMax = 1.3;

export interface RoundsResult {
  readonly rounds: number;
  readonly seconds: number;
  readonly accuracy: number | null;
  /** Resident MB of each process, after warming up and at the end. */
  readonly memoryMb: Readonly<Record<string, readonly [number, number]>>;
}

/** A whole demo of so many rounds: one connection each to the end, memory flat, nothing left running. */
export async function soakRounds(rounds: number): Promise<RoundsResult> {
  await using command = new Command([
    ...['demo', '--headless', '--json', '--seed', '1', '--deadline', '60', '--rounds', String(rounds)],
  ]);
  const { status, summary, lines, stderr } = await command.exit(rounds * 30_000 + 60_000);
  assert.equal(status, 0, stderr);
  assertFlawless(summary, { participants: 4, rounds });
  await nothingLeft(command.dataFolder);
  const memoryMb: Record<string, readonly [number, number]> = {};
  const reports = lines.filter(({ event }) => event === 'process_stats');
  for (const name of new Set(reports.map((line) => String(line['name'])))) {
    const values = reports.filter((line) => line['name'] === name).map((line) => Number(line['memory_bytes']) / 1e6);
    const warm = values.slice(Math.floor(values.length * warmUpShare));
    const [start, end] = [median(warm.slice(0, 5)), median(warm.slice(-5))];
    memoryMb[name] = [Math.round(start), Math.round(end)];
    assert.ok(end < start * growthMax + 20, `${name} grew from ${start.toFixed(0)} to ${end.toFixed(0)} MB`);
  }
  assert.ok(Object.keys(memoryMb).length >= 5, 'every process reports its memory');
  return { rounds, seconds: summary.duration_s, accuracy: summary.accuracy, memoryMb };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
