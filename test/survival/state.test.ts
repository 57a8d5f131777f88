import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { describe, test } from 'node:test';
import { Command, nothingLeft, processesOf, temporaryFolder, type Line } from '#test/cli/command-line.ts';
import { coordinate, hasJoined, join } from '#test/cli/federation.ts';
import { startMosquitto } from '#test/support/brokers/mosquitto.ts';

const rounds = 4;
const run = ['--participants', '2', '--rounds', String(rounds), '--deadline', '90', '--quorum', '1'];
const linuxOnly = process.platform !== 'linux' && 'finds processes by /proc';

function inRound(round: number): (command: Command) => boolean {
  return ({ lines }) => lines.some((line) => line.event === 'round_started' && line['round'] === round);
}

function partOf(dataFolder: string, who: string): number {
  const part = processesOf(dataFolder).find(({ command }) => command.endsWith(` ${who}`));
  assert.ok(part, `${who} runs`);
  return part.pid;
}

/** Contributions of each round that ended, by what any life of the coordinator told. */
function contributions(...told: readonly (readonly Line[])[]): Map<number, unknown> {
  const ends = told.flat().flatMap((line) => {
    if (line.event === 'round_ended') return [line];
    return line.event === 'run_resumed' && line['last'] !== null ? [line['last'] as Line] : [];
  });
  return new Map(ends.map((end) => [Number(end['round']), end['contributions']]));
}

const all = new Map(Array.from({ length: rounds }, (_, k) => [k + 1, ['lab-1', 'lab-2']] as const));

/** Two participants and a coordinator that is killed in round 2 and started again with nothing but its folder. */
async function killAndStartAgain(
  options: { readonly before?: string; readonly args?: readonly string[]; readonly meanwhile?: () => void } = {},
): Promise<void> {
  const folder = temporaryFolder();
  const { before = '', args = [], meanwhile } = options;
  try {
    const state = joinPath(folder, 'run');
    await using first = await coordinate([...run, ...args, '--state', state], { before });
    await using one = join(first.invitation, 'lab-1', [], { before });
    await using two = join(first.invitation, 'lab-2', [], { before });
    await first.command.until(inRound(2));
    for (const { pid } of processesOf(first.command.dataFolder)) if (pid !== first.command.pid) kill(pid, 'SIGKILL');
    kill(first.command.pid, 'SIGKILL');
    await nothingLeft(first.command.dataFolder, 10_000);
    meanwhile?.();
    await using again = await coordinate(['--state', state], { before });
    assert.equal(again.invitation, first.invitation, 'whoever has it can still join');
    const ends = await Promise.all([again.command, one, two].map((command) => command.exit()));
    for (const end of ends) assert.equal(end.status, 0, end.stderr);
    assert.deepEqual(contributions(first.command.lines, again.command.lines), all);
    assert.equal(ends[0]?.summary.rounds_completed, rounds);
    assert.equal(ends[0]?.summary.status, 'completed');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** It may have gone by itself since it was found: its parent has. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
  }
}

describe('a run outlives what befalls its processes and machines', { skip: linuxOnly }, () => {
  test('coordinate --state: killed, started again with the folder alone, it goes on with the same invitation', () =>
    killAndStartAgain());

  test('the coordinator moves to another address behind its name', { skip: privateHosts() }, async () => {
    const folder = temporaryFolder();
    const hosts = joinPath(folder, 'hosts');
    const isAt = (address: string): void => writeFileSync(hosts, `127.0.0.1 localhost\n${address} coordinator.test\n`);
    isAt('127.0.0.2');
    try {
      // A mount namespace of its own for each command: the machine's table of hosts is not touched.
      const before = `unshare --mount sh -c 'mount --bind ${hosts} /etc/hosts && exec "$@"' sh`;
      await killAndStartAgain({
        before,
        args: ['--host', 'coordinator.test'],
        meanwhile: () => isAt('127.0.0.3'),
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('an update that was computed before a crash is sent after it and not trained again', async () => {
    const folder = temporaryFolder();
    try {
      await using served = await coordinate(run);
      await using one = join(served.invitation, 'lab-1');
      await using first = join(served.invitation, 'lab-2', [], { dataFolder: folder });
      await served.command.until(inRound(2));
      await first.until(({ lines }) => lines.some((line) => isPhase(line, 'train', 2)));
      // The coordinator is deaf from here on, so that the update stays where it was computed.
      const coordinator = partOf(served.command.dataFolder, 'coordinator');
      process.kill(coordinator, 'SIGSTOP');
      await first.until(({ lines }) => lines.some((line) => line.event === 'training_done' && line['round'] === 2));
      const computed = first.lines.find((line) => line.event === 'training_done' && line['round'] === 2);
      for (const { pid } of processesOf(folder)) kill(pid, 'SIGKILL');
      await first.exit();
      process.kill(coordinator, 'SIGCONT');
      await using again = join(served.invitation, 'lab-2', [], { dataFolder: folder });
      const ends = await Promise.all([served.command, one, again].map((command) => command.exit()));
      for (const end of ends) assert.equal(end.status, 0, end.stderr);
      const lines = served.command.lines;
      assert.deepEqual(contributions(lines), all);
      const received = lines.filter(
        (line) => line.event === 'update_received' && line['participant'] === 'lab-2' && line['round'] === 2,
      );
      assert.deepEqual(
        received.map((line) => [line['counted'], line['contribution']]),
        [[true, computed?.['model_hash']]],
      );
      const trainedAgain = again.lines.filter((line) => isPhase(line, 'train', 2));
      assert.deepEqual(trainedAgain, [], 'it lay on disk');
      await nothingLeft(folder, 3000);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a participant that sleeps longer than silence is borne wakes up and takes part in the same round', async () => {
    const args = ['--participants', '3', '--rounds', '3', '--local-epochs', '1', '--deadline', '90'];
    await using demo = new Command(['demo', '--headless', '--json', ...args]);
    await demo.until(({ lines }) =>
      lines.some((line) => isPhase(line, 'train', 2) && line['participant'] === 'node-2'),
    );
    const sleeper = partOf(demo.dataFolder, 'node-2');
    process.kill(sleeper, 'SIGSTOP');
    const states = (state: string): boolean =>
      demo.lines.some(
        (line) =>
          line.event === 'link_state' &&
          line['participant'] === 'node-2' &&
          line['side'] === 'coordinator' &&
          line['state'] === state,
      );
    await demo.until(() => states('lost'));
    assert.ok(states('degraded'), 'slow before it is dead');
    process.kill(sleeper, 'SIGCONT');
    const exit = await demo.exit();
    assert.equal(exit.status, 0, exit.stderr);
    assert.deepEqual(
      exit.summary.participants.map(({ contributions: count }) => count),
      [3, 3, 3],
    );
    const missing = exit.lines.filter(({ event }) => event === 'round_ended').map((line) => line['missing']);
    assert.deepEqual(missing, [[], [], []]);
  });

  const mosquitto = process.env['ROUNDSCOPE_MOSQUITTO'];
  test(
    'a broker that is killed and started again',
    { skip: mosquitto === undefined && 'ROUNDSCOPE_MOSQUITTO is not set' },
    async () => {
      await using before = await startMosquitto(mosquitto ?? '');
      await using served = await coordinate([...run, '--transport', 'mqtt', '--broker', before.url]);
      await using one = join(served.invitation, 'lab-1');
      await using two = join(served.invitation, 'lab-2');
      await served.command.until((command) => hasJoined(command, 'lab-1') && hasJoined(command, 'lab-2'));
      await served.command.until(inRound(2));
      await before.kill();
      await using _after = await startMosquitto(mosquitto ?? '', [], before.port);
      const ends = await Promise.all([served.command, one, two].map((command) => command.exit()));
      for (const end of ends) assert.equal(end.status, 0, end.stderr);
      const counted = contributions(served.command.lines);
      assert.deepEqual(counted.get(2), ['lab-1', 'lab-2'], 'the round in which the broker died');
      assert.deepEqual(counted.get(rounds), ['lab-1', 'lab-2'], 'both are back');
      // Who comes back in the middle of a round is asked and not waited for: once each it may be too late.
      const ended = served.command.lines.filter(({ event }) => event === 'round_ended');
      assert.equal(ended.length, rounds);
      const late = ended.flatMap((line) => line['missing'] as string[]);
      assert.equal(new Set(late).size, late.length, `too late: ${late.join(', ')}`);
      for (const names of counted.values()) assert.equal(new Set(names as string[]).size, (names as string[]).length);
    },
  );
});

function isPhase(line: Line, phase: string, round: number): boolean {
  return line.event === 'participant_phase' && line['phase'] === phase && line['round'] === round;
}

/** Why a command cannot be given a table of hosts of its own; false when it can. */
function privateHosts(): string | false {
  const script = 'mount --bind /etc/hostname /etc/hosts';
  const works = spawnSync('unshare', ['--mount', 'sh', '-c', script], { stdio: 'ignore' }).status === 0;
  return works ? false : 'mount namespaces are not to be had here (needs CAP_SYS_ADMIN)';
}
