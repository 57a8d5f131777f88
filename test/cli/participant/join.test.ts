import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, test } from 'node:test';
import { startMosquitto } from '#test/support/brokers/mosquitto.ts';
import { assertFlawless, Command, nothingLeft, temporaryFolder } from '../command-line.ts';
import { coordinate, join } from '../federation.ts';
import { writeImageFolder } from './image-folder.ts';

const short = ['--participants', '2', '--rounds', '2'];

/** A whole federation of three terminals: nothing is shared between them but the invitation. */
async function federate(
  coordinatorArgs: readonly string[],
  transport: string,
  data: readonly string[] = [],
): Promise<void> {
  await using coordinator = await coordinate([...short, ...coordinatorArgs, ...data]);
  await using first = join(coordinator.invitation, 'lab-1', data);
  await using second = join(coordinator.invitation, 'lab-2', data);
  const ends = await Promise.all([coordinator.command, first, second].map((command) => command.exit()));
  for (const end of ends) assert.equal(end.status, 0, end.stderr);
  const [served, one, two] = ends.map(({ summary }) => summary);
  assert.ok(served && one && two);
  assertFlawless(served, { participants: 2, rounds: 2 });
  assert.deepEqual(
    served.participants.map((participant) => participant.id),
    ['lab-1', 'lab-2'],
  );
  for (const summary of [one, two]) {
    assert.equal(summary.status, 'completed', summary.reason);
    assert.equal(summary.rounds_completed, 2);
    const [own, ...others] = summary.participants.filter(({ connections }) => connections > 0);
    assert.deepEqual([own?.transport, own?.connections, own?.reconnects], [transport, 1, 0]);
    assert.deepEqual(others, [], 'a participant sees its own link alone');
    assert.equal(summary.accuracy, served.accuracy);
  }
  for (const command of [coordinator.command, first, second]) await nothingLeft(command.dataFolder);
}

describe('coordinate and join, with nothing shared but the invitation', { concurrency: 2 }, () => {
  test('over quic', () => federate([], 'quic'));
  test('over mqtt, with the embedded broker', () => federate(['--transport', 'mqtt'], 'mqtt'));
  test('control over mqtt, models over quic', () => federate(['--control', 'mqtt'], 'quic'));

  const mosquitto = process.env['ROUNDSCOPE_MOSQUITTO'];
  test(
    'over a Mosquitto broker elsewhere',
    { skip: mosquitto === undefined && 'ROUNDSCOPE_MOSQUITTO is not set' },
    async () => {
      await using broker = await startMosquitto(mosquitto ?? '');
      await federate(['--transport', 'mqtt', '--broker', broker.url], 'mqtt');
    },
  );

  test('with folders of images', async () => {
    const folder = temporaryFolder();
    try {
      writeImageFolder(folder);
      await federate([], 'quic', ['--data', folder]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('without --json stdout is the invitation and nothing else', async () => {
    await using command = new Command(['coordinate', '--participants', '1', '--rounds', '1', '--local-epochs', '1']);
    await command.until(({ stdout }) => stdout.endsWith('\n'), 30_000);
    assert.match(command.stdout, /^roundscope:\/\/join\?i=\S+\n$/);
    assert.match(command.stderr, /Waiting for 1 participants?\. On each machine: roundscope join - /);
    await using only = join(command.stdout, 'lab-1');
    assert.equal((await only.exit()).status, 0);
    const end = await command.exit();
    assert.equal(end.status, 0, end.stderr);
    assert.match(end.stdout, /^\S+\n$/);
    assert.match(end.stderr, /Run completed\n1 of 1 round /);
  });
});
