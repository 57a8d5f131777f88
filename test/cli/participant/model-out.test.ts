import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { after, describe, test } from 'node:test';
import { decodeSafetensors } from '#engine/codec/safetensors.ts';
import { assertComplaint, roundscope, temporaryFolder } from '../command-line.ts';
import { coordinate, join } from '../federation.ts';

const folder = temporaryFolder();
after(() => rmSync(folder, { recursive: true, force: true }));

/** A safetensors file's own metadata: 8 bytes of header length, then JSON. */
function metadataOf(path: string): Readonly<Record<string, string>> {
  const bytes = readFileSync(path);
  const header = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString('utf8');
  return (JSON.parse(header) as { readonly __metadata__: Record<string, string> }).__metadata__;
}

describe('the model that a run leaves', { concurrency: 2 }, () => {
  test('is written where both sides chose, equal, with layers and class names, and the summary says where', async () => {
    const [theirs, ours] = ['coordinator.safetensors', 'participant.safetensors'].map((name) => joinPath(folder, name));
    assert.ok(theirs !== undefined && ours !== undefined);
    await using coordinator = await coordinate(['--participants', '1', '--rounds', '2', '--model-out', theirs]);
    await using participant = join(coordinator.invitation, 'lab-1', ['--model-out', ours]);
    for (const [exit, path] of [
      [await participant.exit(), ours],
      [await coordinator.command.exit(), theirs],
    ] as const) {
      assert.equal(exit.status, 0, exit.stderr);
      assert.equal((exit.summary as unknown as { readonly model: string }).model, path);
    }
    const decoded = [theirs, ours].map((path) => decodeSafetensors(readFileSync(path)));
    assert.ok(decoded.every((result) => result.ok));
    assert.deepEqual(decoded[0], decoded[1], 'both keep the same global model');
    const metadata = metadataOf(ours);
    assert.deepEqual(JSON.parse(metadata['classes'] ?? ''), ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    assert.match(metadata['model'] ?? metadata['layers'] ?? '', /dense/);
    assert.equal(metadata['round'], '2');
  });

  test('a file that is there already and a folder that is not are told before anything starts', async () => {
    const taken = joinPath(folder, 'taken.safetensors');
    writeFileSync(taken, 'mine');
    assertComplaint(await roundscope(['coordinate', '--model-out', taken]), 1, /is there already/);
    assert.equal(readFileSync(taken, 'utf8'), 'mine');
    const nowhere = joinPath(folder, 'no', 'model.safetensors');
    assertComplaint(await roundscope(['coordinate', '--model-out', nowhere]), 1, /There is no folder/);
    assert.equal(existsSync(joinPath(folder, 'no')), false);
  });
});

describe('a run that begins with the model of another', { concurrency: 2 }, () => {
  const best = joinPath(folder, 'first.safetensors');

  test('goes on from it, says so, and refuses one that does not fit', async () => {
    await using first = await coordinate(['--participants', '1', '--rounds', '2', '--model-out', best]);
    await using pupil = join(first.invitation, 'lab-1');
    assert.equal((await pupil.exit()).status, 0);
    assert.equal((await first.command.exit()).status, 0);
    const further = joinPath(folder, 'further.safetensors');
    const args = ['--participants', '1', '--rounds', '1', '--start-from', best, '--model-out', further];
    await using second = await coordinate(args);
    await using again = join(second.invitation, 'lab-1');
    assert.equal((await again.exit()).status, 0);
    const { status, stderr } = await second.command.exit();
    assert.equal(status, 0, stderr);
    const told = second.command.lines.find(({ event }) => event === 'notice')?.['text'];
    assert.match(String(told), /begins with the model in .*first\.safetensors \(round 2 of my run, accuracy/);
    const [before, after] = [best, further].map((path) => Number(metadataOf(path)['accuracy']));
    assert.ok(before !== undefined && after !== undefined && after >= before - 0.05, `${before}, then ${after}`);
    writeFileSync(joinPath(folder, 'other.safetensors'), readFileSync(best).subarray(0, 5000));
    assertComplaint(
      await roundscope(['coordinate', '--start-from', joinPath(folder, 'other.safetensors')]),
      1,
      /cannot begin with .*are not a model of this run's layers/,
    );
  });
});
