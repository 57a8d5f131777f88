import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Command, nothingLeft, processesOf, type Line } from '#test/cli/command-line.ts';
import { seededRandom } from '#shared/base/random.ts';

const rounds = 4;
const names = ['node-1', 'node-2', 'node-3'];
const processes = ['coordinator', ...names];
const small = ['--participants', '3', '--rounds', String(rounds), '--local-epochs', '1', '--seed', '5'];
/** A machine that is busy with other things takes its time to start a process again. */
const patient = ['--deadline', '90'];

interface Kill {
  readonly who: string;
  /** Events of the run, heartbeats of processes and links not among them, that come before it. */
  readonly afterEvents: number;
}

/** What the run did, without what it only measured: as long on a slow machine as on a fast one. */
function doings({ lines }: Command): readonly Line[] {
  return lines.filter(({ event }) => !/_stats$|transfer_progress|training_progress|round_status|verdict/.test(event));
}

function demo(...args: readonly string[]): Command {
  return new Command(['demo', '--headless', '--json', ...small, ...patient, ...args]);
}

/** Ends the process of one part of the demo as a power cut would; false when it is not there at the moment. */
function killPart({ dataFolder }: Command, who: string): boolean {
  const part = processesOf(dataFolder).find(({ command }) => command.endsWith(` ${who}`));
  if (part === undefined) return false;
  process.kill(part.pid, 'SIGKILL');
  return true;
}

/** Everything that was counted, by round and participant, from whichever life of the coordinator tells it. */
function countedIn(lines: readonly Line[]): Map<string, string[]> {
  const counted = new Map<string, string[]>();
  const add = (round: unknown, participant: unknown, hash: unknown): void => {
    const key = `${String(round)} ${String(participant)}`;
    counted.set(key, [...new Set([...(counted.get(key) ?? []), String(hash)])]);
  };
  for (const line of lines) {
    if (line.event === 'update_received' && line['counted'] === true)
      add(line['round'], line['participant'], line['contribution']);
    if (line.event !== 'run_resumed') continue;
    for (const update of line['updates'] as Line[]) add(line['round'], update['participant'], update['contribution']);
  }
  return counted;
}

/** How each round ended; what the killed process could not tell any more is told by the one that went on. */
function endsOf(lines: readonly Line[]): Map<number, Line> {
  const ends = lines.flatMap((line) => {
    if (line.event === 'round_ended') return [line];
    return line.event === 'run_resumed' && line['last'] !== null ? [line['last'] as Line] : [];
  });
  return new Map(ends.map((end) => [Number(end['round']), end]));
}

function assertCountedOnce(lines: readonly Line[], modelAfter: unknown): void {
  const told = lines
    .filter((line) => line.event === 'update_received' && line['counted'] === true)
    .map((line) => `${String(line['round'])} ${String(line['participant'])}`);
  assert.equal(new Set(told).size, told.length, 'a contribution was counted twice');
  const counted = countedIn(lines);
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) assert.equal(counted.get(`${round} ${name}`)?.length, 1, `round ${round}, ${name}`);
    const end = endsOf(lines).get(round);
    assert.deepEqual([end?.['contributions'], end?.['missing']], [names, []], `round ${round}`);
  }
  assert.equal(endsOf(lines).get(rounds)?.['model_after'], modelAfter, 'the model is that of the undisturbed run');
}

/** Moments in the order in which they come, somewhere in all of the run, on each kind of process alike often. */
function seededKills(seed: number, count: number, eventsMax: number): Kill[] {
  const random = seededRandom(`kills of run ${seed}`);
  const kills = Array.from({ length: count }, (_, k) => ({
    who: (k + seed) % 2 === 0 ? 'coordinator' : (processes[1 + random.int(names.length)] as string),
    afterEvents: random.int(eventsMax),
  }));
  return kills.sort((a, b) => a.afterEvents - b.afterEvents);
}

describe(
  'SIGKILL of any process at any moment',
  { skip: process.platform !== 'linux' && 'finds processes by /proc' },
  () => {
    let modelAfter: unknown;
    let first = 0;
    let events = 0;

    test('the undisturbed run, to compare with', async () => {
      await using command = demo();
      const exit = await command.exit();
      assert.equal(exit.status, 0, exit.stderr);
      const done = doings(command);
      // Before that there is no run yet that could go on.
      first = done.findIndex(({ event }) => event === 'participant_joined');
      events = done.length;
      modelAfter = endsOf(exit.lines).get(rounds)?.['model_after'];
      assert.match(String(modelAfter), /^[0-9a-f]{64}$/);
      assertCountedOnce(exit.lines, modelAfter);
    });

    // Twenty moments: five runs with four each. Two at a time, since who was killed is waited for.
    describe('five runs', { concurrency: 2 }, () => {
      for (const [seed, transport] of ['quic', 'mqtt', 'quic', 'mqtt', 'quic'].entries()) {
        test(`run ${seed + 1}, over ${transport}: four moments, each contribution once, the same model`, async () => {
          assert.ok(modelAfter, 'there is no undisturbed run to compare with');
          const kills = seededKills(seed, 4, Math.floor((events - first) * 0.85));
          await using command = demo('--transport', transport);
          for (const { who, afterEvents } of kills)
            await command.until((running) => doings(running).length > first + afterEvents && killPart(running, who));
          const exit = await command.exit();
          assert.equal(exit.status, 0, `${JSON.stringify(kills)}\n${exit.stderr}`);
          assert.equal(exit.summary.status, 'completed', exit.summary.reason);
          assert.equal(exit.summary.rounds_completed, rounds);
          assertCountedOnce(exit.lines, modelAfter);
          const ends = exit.lines.filter(({ event, expected }) => event === 'process_exited' && expected === false);
          assert.equal(ends.length, kills.length, 'each of them was killed');
          assert.deepEqual(
            exit.summary.participants.map(({ contributions }) => contributions),
            names.map(() => rounds),
          );
          await nothingLeft(command.dataFolder, 3000);
        });
      }
    });
  },
);
