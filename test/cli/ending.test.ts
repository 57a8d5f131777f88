import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Command, nothingLeft, patienceMs, processesOf } from './command-line.ts';
import { coordinate, hasJoined, join } from './federation.ts';

/** Long enough that only a signal ends it. */
const long = ['demo', '--headless', '--json', '--participants', '2', '--rounds', '200'];

function inRound(round: number): (command: Command) => boolean {
  return ({ lines }) => lines.some((line) => line.event === 'round_started' && line['round'] === round);
}

describe('ending', { concurrency: 2 }, () => {
  for (const transport of ['quic', 'mqtt']) {
    test(`Ctrl+C in the middle of a demo: a clean goodbye, status 130, nothing left (${transport})`, async () => {
      await using command = new Command([...long, '--transport', transport]);
      await command.until(inRound(2));
      command.interrupt();
      const { status, summary, lines, stderr } = await command.exit(15_000);
      assert.equal(status, 130, stderr);
      assert.equal(summary.status, 'interrupted');
      assert.ok(summary.rounds_completed >= 1);
      assert.match(stderr, /Stopping: saying goodbye/);
      const ends = lines.filter(({ event }) => event === 'process_exited');
      assert.equal(ends.length, 3, 'one coordinator and two participants');
      for (const end of ends)
        assert.equal(end['note'], 'exit status 0', `${String(end['name'])}: ${String(end['note'])}`);
      await nothingLeft(command.dataFolder, 0);
    });
  }

  test('Ctrl+C while it starts', async () => {
    await using command = new Command(long);
    await command.until(() => processesOf(command.dataFolder).length > 1);
    command.interrupt();
    const { status, stderr } = await command.exit(15_000);
    assert.equal(status, 130, stderr);
    await nothingLeft(command.dataFolder, 0);
  });

  test('Ctrl+C twice ends at once', async () => {
    await using command = new Command(long);
    await command.until(inRound(1));
    command.interrupt();
    command.interrupt();
    assert.equal((await command.exit(15_000)).status, 130);
    await nothingLeft(command.dataFolder, 8000);
  });

  test('SIGTERM is a Ctrl+C without a terminal', async () => {
    await using command = new Command(long);
    await command.until(inRound(1));
    command.signal('SIGTERM');
    const { status, summary } = await command.exit(15_000);
    assert.deepEqual([status, summary.status, summary.reason], [130, 'interrupted', 'told to end (SIGTERM)']);
    await nothingLeft(command.dataFolder, 0);
  });

  test('its shell is killed: it ends as after SIGTERM, and does not say that its user did it', async () => {
    // A shell that stays, with the command as its child; npm leaves what it has started behind.
    await using command = new Command([...long, '--participants', '1'], {
      before: 'true;',
      env: { npm_lifecycle_event: 'start' },
    });
    await command.until(inRound(1));
    command.signal('SIGKILL');
    const { summary } = await command.exit(15_000);
    assert.deepEqual([summary.status, summary.reason], ['interrupted', 'the program that had started it is gone']);
    await nothingLeft(command.dataFolder, 1000);
  });

  test('killed: the processes of its run notice and end by themselves', async () => {
    await using command = new Command(long);
    await command.until(inRound(1));
    command.signal('SIGKILL');
    await command.exit(15_000);
    await nothingLeft(command.dataFolder, 10_000);
  });

  test('a reader of stdout that has heard enough (`| head`) ends it without a stack trace', async () => {
    await using command = new Command(long, { pipeTo: 'head -n 3' });
    const { stdout, stderr } = await command.exit();
    assert.equal(stdout.trimEnd().split('\n').length, 3);
    assert.doesNotMatch(stderr, /^\s+at /m);
    await nothingLeft(command.dataFolder, 10_000);
  });

  test('a participant leaves by Ctrl+C, then the coordinator ends: each says so to the others', async () => {
    await using coordinator = await coordinate(['--participants', '2', '--rounds', '200', '--quorum', '0.5']);
    await using leaver = join(coordinator.invitation, 'lab-1');
    await using stayer = join(coordinator.invitation, 'lab-2');
    await coordinator.command.until((command) => hasJoined(command, 'lab-1') && hasJoined(command, 'lab-2'));
    await coordinator.command.until(inRound(1));
    leaver.interrupt();
    assert.equal((await leaver.exit(15_000)).status, 130);
    await coordinator.command.until(({ lines }) => lines.some(({ event }) => event === 'participant_left'), 15_000);
    const left = coordinator.command.lines.find(({ event }) => event === 'participant_left');
    assert.deepEqual([left?.['participant'], left?.['clean']], ['lab-1', true]);
    coordinator.command.interrupt();
    const served = await coordinator.command.exit(15_000);
    assert.deepEqual([served.status, served.summary.status], [130, 'interrupted']);
    const told = await stayer.exit(patienceMs);
    assert.equal(told.summary.status, 'interrupted', told.stderr);
    assert.equal(told.status, 130);
    for (const { dataFolder } of [leaver, stayer, coordinator.command]) await nothingLeft(dataFolder, 0);
  });
});
