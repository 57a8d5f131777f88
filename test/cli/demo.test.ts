import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertFlawless, nothingLeft, roundscope, temporaryFolder, type Exit } from './command-line.ts';
import { rmSync } from 'node:fs';

const ways = {
  quic: ['--transport', 'quic'],
  mqtt: ['--transport', 'mqtt'],
  'control over mqtt, models over quic': ['--control', 'mqtt', '--transport', 'quic'],
  grpc: ['--transport', 'grpc'],
  'each participant its own': ['--transport', 'mixed'],
  'each participant as it chooses': ['--transport', 'auto'],
} as const;

/** What the model came to, round by round: the same for the same seed, whatever carried it. */
function course(exit: Exit): unknown[] {
  return exit.lines
    .filter((line) => line.event === 'round_ended')
    .map(({ round, loss, accuracy, model_after }) => ({ round, loss, accuracy, model_after }));
}

function demo(...args: readonly string[]): Promise<Exit> {
  return roundscope(['demo', '--headless', '--json', ...args]);
}

describe('demo', () => {
  test('ten rounds over quic: completed, one connection each, nothing dropped, accuracy at least 0.93', async () => {
    const dataFolder = temporaryFolder();
    try {
      const exit = await roundscope(
        ['demo', '--headless', '--participants', '4', '--rounds', '10', '--transport', 'quic', '--seed', '1', '--json'],
        { dataFolder },
      );
      assert.equal(exit.status, 0, exit.stderr);
      const { summary } = exit;
      assertFlawless(summary, { participants: 4, rounds: 10 });
      assert.ok((summary.accuracy ?? 0) >= 0.93, `accuracy ${summary.accuracy}`);
      assert.ok(summary.baseline_accuracy < 0.2);
      assert.ok(summary.bytes.payload > 1_000_000 && summary.bytes.wire > summary.bytes.payload);
      assert.ok(summary.packets.recorded > 100, `${summary.packets.recorded} packets recorded`);
      assert.deepEqual(
        summary.participants.map(({ id, transport, stack }) => [id, transport, stack]),
        [1, 2, 3, 4].map((n) => [`node-${n}`, 'quic', 'quinn']),
      );
      await nothingLeft(dataFolder);
    } finally {
      rmSync(dataFolder, { recursive: true, force: true });
    }
  });

  test('the same seed gives the same models over every transport, another seed others', async () => {
    const courses: unknown[] = [];
    for (const way of Object.values(ways)) {
      const exit = await demo('--rounds', '2', '--seed', '7', ...way);
      assert.equal(exit.status, 0, exit.stderr);
      assertFlawless(exit.summary, { participants: 4, rounds: 2 });
      courses.push(course(exit));
    }
    assert.equal((courses[0] as unknown[]).length, 2);
    for (const [index, way] of Object.keys(ways).entries()) assert.deepEqual(courses[index], courses[0], way);
    const other = await demo('--rounds', '2', '--seed', '8');
    assert.notDeepEqual(course(other), courses[0]);
  });

  test('stdout is JSON alone, each event on a line, in wire names, the summary last', async () => {
    const exit = await demo('--rounds', '1', '--participants', '2');
    assert.equal(exit.status, 0, exit.stderr);
    const rows = exit.stdout.trimEnd().split('\n');
    assert.equal(rows.length, exit.lines.length, 'lines that are no JSON');
    assert.deepEqual(keysWithCapitals(exit.lines), []);
    assert.ok(exit.lines.some(({ event }) => event === 'run_started'));
    assert.equal(exit.lines.filter(({ event }) => event === 'summary').length, 1);
    assert.equal(exit.summary.event, 'summary');
    assert.deepEqual(
      exit.lines.slice(0, -1).map(({ id }) => id),
      exit.lines.slice(0, -1).map((_, index) => index + 1),
    );
  });

  test('without --json people read the rounds on stderr, and stdout stays empty', async () => {
    const exit = await roundscope(['demo', '--headless', '--rounds', '1', '--participants', '2']);
    assert.equal(exit.status, 0, exit.stderr);
    assert.equal(exit.stdout, '');
    assert.match(exit.stderr, /round 1\/1 {2}loss .* accuracy/);
    assert.match(exit.stderr, /node-2 joined over quic \(quinn\) with [\d,]+ examples/);
    assert.match(
      exit.stderr,
      /Run completed\n1 of 1 round in [\d.]+ s \([\d.]+ s since the run was opened\), accuracy [\d.]+ % \(always naming the most frequent class: [\d.]+ %\)/,
    );
  });

  test('a skewed split trains too', async () => {
    const exit = await demo('--rounds', '2', '--split', 'dirichlet:0.3');
    assert.equal(exit.status, 0, exit.stderr);
    assertFlawless(exit.summary, { participants: 4, rounds: 2 });
  });
});

function keysWithCapitals(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysWithCapitals);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, item]) => [
    ...(/[A-Z]/.test(key) ? [key] : []),
    ...keysWithCapitals(item),
  ]);
}
