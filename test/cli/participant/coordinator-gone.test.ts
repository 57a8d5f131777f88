import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { findMosquitto, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import {
  assertComplaint,
  Command,
  nothingLeft,
  processesOf,
  roundscope,
  temporaryFolder,
  type Line,
} from '../command-line.ts';
import { coordinate, hasJoined, join, type Coordinator } from '../federation.ts';

const skip = process.platform !== 'linux' && 'finds processes by /proc and stops them';
const mosquitto = findMosquitto();

/** Enough training that a kill falls into it. */
const slow = ['--participants', '1', '--rounds', '50', '--local-epochs', '12', '--deadline', '60'];

function inRound(round: number): (command: Command) => boolean {
  return ({ lines }) => lines.some((line) => line.event === 'round_started' && line['round'] === round);
}

function of(lines: readonly Line[], event: string): readonly Line[] {
  return lines.filter((line) => line.event === event);
}

/** Every process of a command, the command itself too. */
function signalAll(command: Command, signal: NodeJS.Signals): void {
  for (const { pid } of processesOf(command.dataFolder)) {
    try {
      process.kill(pid, signal);
    } catch {
      // Ended by itself just now.
    }
  }
}

async function killAll(command: Command): Promise<void> {
  signalAll(command, 'SIGKILL');
  await nothingLeft(command.dataFolder, 10_000);
}

/** A participant that trains when its coordinator is killed. */
async function orphan(coordinator: Coordinator, args: readonly string[], json = true): Promise<Command> {
  const line = ['join', coordinator.invitation, '--name', 'lab-1', ...(json ? ['--json'] : []), ...args];
  const participant = new Command(line);
  await coordinator.command.until((command) => hasJoined(command, 'lab-1'));
  await coordinator.command.until(inRound(2));
  await coordinator.command.until(({ lines }) =>
    lines.some((one) => one.event === 'participant_phase' && one['round'] === 2 && one['phase'] === 'train'),
  );
  await killAll(coordinator.command);
  return participant;
}

/** Waits until it has tried so often again, as its recording tells. */
async function moreAttempts({ dataFolder }: Command, count: number): Promise<void> {
  const folder = joinPath(dataFolder, 'recordings');
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.rscope'));
  using recording = new DatabaseSync(joinPath(folder, file), { readOnly: true });
  const failed = recording.prepare(
    `SELECT count(*) AS count FROM events WHERE type = 'link_attempt' AND json_extract(data, '$.result') <> 'trying'`,
  );
  const failures = (): number => Number(failed.get()?.['count']);
  const signal = AbortSignal.timeout(60_000);
  for (const enough = failures() + count; failures() < enough;) await delay(50, undefined, { signal });
}

/** Nearly all of it waits: for a silence, a limit, an end. */
describe('a coordinator that is gone', { skip, concurrency: 3 }, () => {
  describe('a run that ended while a participant slept', { concurrency: 2 }, () => {
    /** Ends without lab-2 a few seconds after that has been stopped. */
    const brief = ['--participants', '2', '--rounds', '3', '--quorum', '0.5', '--deadline', '8'];

    async function sleepThroughEnd(
      args: readonly string[],
      wake: (command: Command) => Promise<unknown>,
    ): Promise<Line> {
      await using coordinator = await coordinate([...brief, ...args]);
      await using stayer = join(coordinator.invitation, 'lab-1');
      await using sleeper = join(coordinator.invitation, 'lab-2', ['--give-up-after', '20s']);
      await coordinator.command.until(inRound(2));
      signalAll(sleeper, 'SIGSTOP');
      await wake(coordinator.command);
      signalAll(sleeper, 'SIGCONT');
      const exit = await sleeper.exit(60_000);
      assert.equal(exit.status, 0, `${exit.summary.status}: ${exit.summary.reason}`);
      await stayer.exit();
      return exit.summary as unknown as Line;
    }

    test('the coordinator stays a while to tell it', async () => {
      const summary = await sleepThroughEnd([], (command) =>
        command.until(({ lines }) => lines.some((line) => /stays up to 12 s to tell lab-2/.test(String(line['text'])))),
      );
      assert.deepEqual([summary['status'], summary['reason']], ['completed', 'the run is over: completed']);
    });

    test(
      'at a broker elsewhere it finds word of the end however late it wakes',
      { skip: 'missing' in mosquitto && mosquitto.missing },
      async () => {
        assert.ok('path' in mosquitto);
        await using broker = await startMosquitto(mosquitto.path);
        const summary = await sleepThroughEnd(['--transport', 'mqtt', '--broker', broker.url], (command) =>
          command.exit(),
        );
        assert.deepEqual([summary['status'], summary['reason']], ['completed', 'the run is over: completed']);
      },
    );
  });

  for (const transport of ['quic', 'grpc', 'mqtt']) {
    test(`killed: lost at once, dialed, given up with a status of its own; the kept update counts at the next join (${transport})`, async (t) => {
      if (transport === 'mqtt' && 'missing' in mosquitto) return t.skip(mosquitto.missing);
      await using broker = transport === 'mqtt' && 'path' in mosquitto ? await startMosquitto(mosquitto.path) : null;
      const folder = temporaryFolder();
      const state = joinPath(folder, 'run');
      const serve = [...slow, '--transport', transport, ...(broker === null ? [] : ['--broker', broker.url])];
      try {
        await using coordinator = await coordinate([...serve, '--state', state]);
        await using participant = await orphan(coordinator, ['--give-up-after', '8s']);
        const killedAt = Date.now();
        const exit = await participant.exit(60_000);
        assert.equal(exit.status, 4, exit.stderr);
        assert.equal(exit.summary.status, 'unreachable');
        assert.match(
          exit.summary.reason,
          /^the coordinator has not answered for 8 s; the run may have ended; your update of round 2 is kept and is sent when you join again$/,
        );
        const lost = of(exit.lines, 'link_state').find((line) => line['state'] === 'lost');
        assert.ok(Number(lost?.['at']) - killedAt < 6500, `lost ${Number(lost?.['at']) - killedAt} ms after the kill`);
        const attempts = of(exit.lines, 'link_attempt').filter((line) => Number(line['last_heard_at']) > 0);
        const failed = attempts.filter((line) => line['result'] !== 'trying');
        assert.ok(failed.length >= 2, `${failed.length} attempts`);
        for (const line of failed)
          assert.ok(['refused', 'no_answer'].includes(String(line['result'])), String(line['reason']));
        assert.doesNotMatch(exit.stdout + exit.stderr, /UDP blocked/);

        await using again = await coordinate([...serve, '--state', state]);
        await using back = join(again.invitation, 'lab-1', [], { dataFolder: participant.dataFolder });
        await again.command.until(({ lines }) =>
          lines.some((line) => line.event === 'update_received' && line['round'] === 2 && line['counted'] === true),
        );
        const trained = of(back.lines, 'participant_phase').some(
          (line) => line['phase'] === 'train' && line['round'] === 2,
        );
        assert.equal(trained, false, 'the kept update was sent, not trained again');
        back.interrupt();
        await back.exit(20_000);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }

  test('the terminal says lost and nobody there, each once, and Ctrl+C ends it in patience', async () => {
    await using coordinator = await coordinate(slow);
    await using participant = await orphan(coordinator, ['--give-up-after', 'never'], false);
    await participant.until(/no coordinator: nothing listens at 127\.0\.0\.1:\d+ \(TCP\); trying without a time limit/);
    await moreAttempts(participant, 3);
    participant.interrupt();
    const exit = await participant.exit(10_000);
    assert.equal(exit.status, 130, exit.stderr);
    assert.equal(exit.stderr.match(/link lost: nothing heard for/g)?.length, 1, exit.stderr);
    assert.equal(exit.stderr.match(/no coordinator: /g)?.length, 1, exit.stderr);
    assert.doesNotMatch(exit.stderr, /UDP blocked/);
    await nothingLeft(participant.dataFolder, 0);
  });

  test('stopped for several attempts and continued: the link comes back over UDP, which nobody calls blocked', async () => {
    await using coordinator = await coordinate([...slow, '--rounds', '3']);
    await using participant = new Command(['join', coordinator.invitation, '--name', 'lab-1']);
    await coordinator.command.until(inRound(2));
    signalAll(coordinator.command, 'SIGSTOP');
    await participant.until(/link lost: nothing heard for/);
    await moreAttempts(participant, 3);
    signalAll(coordinator.command, 'SIGCONT');
    const exit = await participant.exit();
    assert.equal(exit.status, 0, exit.stderr);
    assert.match(exit.stderr, /link is back after \d+ s/);
    assert.doesNotMatch(exit.stderr, /UDP blocked/);
  });

  test('nobody listens yet: one line, as long as --wait says, and then what to try', async () => {
    const coordinator = await coordinate(slow);
    await killAll(coordinator.command);
    await using participant = new Command(['join', coordinator.invitation, '--name', 'lab-1', '--wait', '4s']);
    const exit = await participant.exit(30_000);
    assert.equal(exit.status, 1, exit.stderr);
    assert.equal(exit.stderr.match(/no coordinator yet: /g)?.length, 1, exit.stderr);
    assert.match(exit.stderr, /no coordinator yet: nothing listens at 127\.0\.0\.1:\d+ \(TCP\); trying for /);
    assert.match(exit.stderr, /Try: Start the coordinator/);
    assert.doesNotMatch(exit.stderr, /UDP blocked/);
    await coordinator[Symbol.asyncDispose]();
  });

  test('a length of time that is none is refused before anything is dialed', async () => {
    await using coordinator = await coordinate(slow);
    const refused = async (wrong: readonly string[]): Promise<void> => {
      const exit = await roundscope(['join', coordinator.invitation, ...wrong]);
      assertComplaint(exit, 2, new RegExp(`${String(wrong[0])} takes a length of time`));
    };
    await Promise.all(
      [
        ['--wait', 'soon'],
        ['--give-up-after', '10'],
        ['--give-up-after', '5ms'],
      ].map(refused),
    );
  });
});
