import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hashBytes } from '#engine/codec/hash.ts';
import { decodeSafetensors } from '#engine/codec/safetensors.ts';
import type { Tensor } from '#shared/tensor/tensor.ts';
import { findMosquitto, startMosquitto } from '#test/support/brokers/mosquitto.ts';
import { writeDense } from '#test/support/dense-network.ts';
import { writeFiveBars } from '#test/support/five-bars.ts';
import { assertComplaint, Command, roundscope, temporaryFolder, type Line } from '../command-line.ts';
import { coordinate, join } from '../federation.ts';

const root = temporaryFolder();
after(() => rmSync(root, { recursive: true, force: true }));
const data = joinPath(root, 'bars');
writeFiveBars(data, { perClass: 40 });
const cnn = fileURLToPath(new URL('../../fixtures/pytorch/cnn.onnx', import.meta.url));

/** As `state_dict()` names them, but for what no update has: counts of batches. */
const names = [
  ...['conv1.weight', 'conv1.bias', 'bn1.weight', 'bn1.bias', 'conv2.weight', 'bn2.weight', 'bn2.bias'],
  ...['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias'],
  ...['bn1.running_mean', 'bn1.running_var', 'bn2.running_mean', 'bn2.running_var'],
];

function accuracies(lines: readonly Line[]): number[] {
  return lines.flatMap((line) => (line.event === 'round_ended' ? [Number(line['accuracy'])] : []));
}

function tensorsIn(path: string): readonly Tensor[] {
  const decoded = decodeSafetensors(readFileSync(path));
  assert.ok(decoded.ok);
  return decoded.value;
}

/** Messages of a kind that a participant sent or received, by its own recording. */
function messagesOf(dataFolder: string, kind: string): number {
  const folder = joinPath(dataFolder, 'recordings');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.rscope'))
    .reduce((sum, name) => {
      using db = new DatabaseSync(joinPath(folder, name), { readOnly: true });
      const row = db.prepare('SELECT count(*) AS count FROM packets WHERE kind = ?').get(kind);
      return sum + Number(row?.['count']);
    }, 0);
}

async function trained(more: readonly string[], dataFolder: string): Promise<void> {
  const [theirs, ours] = ['coordinator', 'participant'].map((who) =>
    joinPath(dataFolder, `${who}-${readdirSync(dataFolder).length}.safetensors`),
  ) as [string, string];
  const asked = ['--participants', '2', '--rounds', '5', '--local-epochs', '6', '--data', data, '--model', cnn];
  await using coordinator = await coordinate([...asked, '--model-out', theirs, ...more]);
  await using one = join(coordinator.invitation, 'lab-1', ['--data', data, '--model-out', ours], { dataFolder });
  await using two = join(coordinator.invitation, 'lab-2', ['--data', data]);
  const ends = await Promise.all([coordinator.command, one, two].map((command) => command.exit()));
  for (const end of ends) assert.equal(end.status, 0, end.stderr);
  const told = one.lines.flatMap(({ event, text }) => (event === 'notice' ? [String(text)] : []));
  assert.ok(
    told.some((text) => /a network of its coordinator's own, 541 numbers in 15 tensors/.test(text)),
    told.join(),
  );
  const reached = accuracies(ends[0]?.lines ?? []);
  assert.equal(reached.length, 5);
  assert.ok((reached.at(-1) ?? 0) > 0.9 && (reached.at(-1) ?? 0) > (reached[0] ?? 1) - 0.01, reached.join(', '));
  assert.deepEqual(
    tensorsIn(theirs).map(({ name }) => name),
    names,
  );
  assert.deepEqual(tensorsIn(ours), tensorsIn(theirs), 'both keep the same model');
}

describe('a run about a network that PyTorch exported', () => {
  test('over QUIC: it learns, keeps the names of the network, and sends it to a machine once for all runs', async () => {
    const dataFolder = joinPath(root, 'lab-1');
    mkdirSync(dataFolder);
    await trained([], dataFolder);
    const [file = ''] = readdirSync(joinPath(dataFolder, 'graphs'));
    const graph = readFileSync(joinPath(dataFolder, 'graphs', file));
    assert.equal(file, `${hashBytes(graph)}.onnx`);
    assert.ok(!graph.includes('/home/') && !graph.includes('Traceback'), 'nothing of the exporting machine');
    assert.deepEqual([messagesOf(dataFolder, 'graph_request'), messagesOf(dataFolder, 'model_graph')], [1, 1]);
    await trained([], dataFolder);
    assert.deepEqual([messagesOf(dataFolder, 'graph_request'), messagesOf(dataFolder, 'model_graph')], [1, 1]);
  });

  const mosquitto = findMosquitto();
  test('over MQTT at a broker elsewhere', { skip: 'missing' in mosquitto ? mosquitto.missing : false }, async () => {
    assert.ok('path' in mosquitto);
    await using broker = await startMosquitto(mosquitto.path);
    const dataFolder = joinPath(root, 'lab-mqtt');
    mkdirSync(dataFolder);
    await trained(['--transport', 'mqtt', '--broker', broker.url], dataFolder);
  });

  test('as a demo', async () => {
    const args = ['demo', '--headless', '--json', '--participants', '2', '--rounds', '4', '--split', 'iid'];
    const { status, stderr, lines, summary } = await roundscope([
      ...args,
      '--data',
      data,
      '--model',
      cnn,
      '--local-epochs',
      '8',
    ]);
    assert.equal(status, 0, stderr);
    assert.equal(summary.status, 'completed');
    assert.ok((accuracies(lines).at(-1) ?? 0) > 0.8, accuracies(lines).join(', '));
  });

  test('goes on after its coordinator was killed and started again with its folder alone', async () => {
    const state = joinPath(root, 'state');
    const model = joinPath(root, 'net.onnx');
    writeFileSync(model, readFileSync(cnn));
    const asked = ['--participants', '1', '--rounds', '3', '--data', data, '--model', model, '--state', state];
    await using first = await coordinate(asked);
    await using one = join(first.invitation, 'lab-1', ['--data', data]);
    await first.command.until(({ lines }) =>
      lines.some(({ event, round }) => event === 'round_started' && round === 2),
    );
    // The whole group, with the coordinator's own process.
    process.kill(-first.command.pid, 'SIGKILL');
    rmSync(model);
    await using again = await coordinate(['--state', state]);
    const ends = await Promise.all([again.command, one].map((command) => command.exit()));
    for (const end of ends) assert.equal(end.status, 0, end.stderr);
    assert.equal(ends[0]?.summary.rounds_completed, 3);
  });
});

describe('a network that a run cannot have is told before anybody can join', { concurrency: 2 }, () => {
  const file = (name: string, bytes: Uint8Array | string): string => {
    const path = joinPath(root, name);
    writeFileSync(path, bytes);
    return path;
  };
  const odd = { type: 'Hardmax', name: 'odd', inputs: ['y'], outputs: ['z'], attributes: new Map() };
  const four = joinPath(root, 'four');
  writeFiveBars(four, { classes: 4, perClass: 4 });
  const cases: readonly (readonly [string, string, string, RegExp])[] = [
    ['no file', joinPath(root, 'none.onnx'), data, /The model .*none\.onnx cannot be read: ENOENT/],
    ['a folder', root, data, /is not a file/],
    ['no ONNX', file('text.onnx', 'a network, says its name'), data, /./],
    [
      'an unknown operator',
      file('odd.onnx', writeDense([1, 8, 8], 5, [odd])),
      data,
      /Hardmax "odd": this operator is not known here/,
    ],
    ['other classes', cnn, four, /tells 5 classes apart, and four has 4: first, fourth, second, third/],
    [
      'another input',
      file('flat.onnx', writeDense([20], 5)),
      data,
      /takes 20 numbers for each example, and the pictures of bars are 1 × 20 × 20/,
    ],
  ];
  for (const [what, model, of, says] of cases)
    test(what, async () => {
      const exit = await roundscope(['coordinate', '--data', of, '--model', model]);
      assertComplaint(exit, 1, says, /This model cannot be trained here, or not on this data\./);
      assert.equal(exit.stdout, '', 'no invitation');
    });
});

test('a participant of a run about another shape sees its pictures scaled, and one without the classes is told', async () => {
  await using coordinator = await coordinate(['--participants', '1', '--rounds', '1', '--data', data, '--model', cnn]);
  const three = joinPath(root, 'three');
  writeFiveBars(three, { classes: 3, perClass: 6, side: 33 });
  await using other = new Command(['join', coordinator.invitation, '--name', 'lab-2', '--data', 'digits']);
  assertComplaint(await other.exit(), 1, /classes/);
  await using one = join(coordinator.invitation, 'lab-1', ['--data', three]);
  assert.equal((await one.exit()).status, 0);
  assert.equal((await coordinator.command.exit()).status, 0);
  assert.match(
    String(one.lines.find(({ event }) => event === 'data_loaded')?.['text']),
    /seen as 10x10 grey; 18 scaled to 10x10/,
  );
});
