import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { decodeSafetensors } from '#engine/codec/safetensors.ts';
import { asParticipantId, asRunId } from '#shared/contract/ids.ts';
import { float32Tensor } from '#shared/tensor/tensor.ts';
import { hashOf } from '#test/support/kits/coordinator-kit.ts';
import { RecordingReporter } from '#test/support/recorded/recording-reporter.ts';
import { ModelFiles } from './model-files.ts';
import { requireModelOut, withoutModel } from './model-out.ts';

const root = mkdtempSync(join(tmpdir(), 'roundscope-models-'));
after(() => rmSync(root, { recursive: true, force: true }));
let runs = 0;

function keeping(finalPath?: string) {
  const reporter = new RecordingReporter();
  const folder = join(root, `run-${runs++}`);
  const participant = asParticipantId('lab-1');
  const models = new ModelFiles({ run: asRunId('r-1'), participant, folder, finalPath, keepsBest: true, reporter });
  const tensors = (value: number) => [float32Tensor('w', [2], new Float32Array([value, value]))];
  const round = (number: number, accuracy: number): void => {
    models.arrived(hashOf(`model ${number}`), tensors(number));
    models.evaluated({ round: number, accuracy, hash: hashOf(`model ${number}`) });
  };
  const valueIn = (path: string): number => {
    const decoded = decodeSafetensors(readFileSync(path));
    assert.ok(decoded.ok);
    return Number(decoded.value[0]?.data[0]);
  };
  return { models, reporter, folder, round, tensors, valueIn };
}

describe('global models that are kept', () => {
  test('the best by accuracy and the last, each a file that other programs read', async () => {
    const { models, reporter, folder, round, valueIn } = keeping();
    for (const [number, accuracy] of [0.5, 0.9, 0.7].entries()) round(number + 1, accuracy);
    await models.finish();
    assert.equal(valueIn(join(folder, 'best.safetensors')), 2);
    assert.equal(valueIn(join(folder, 'final.safetensors')), 3);
    const last = reporter.ofType('model_saved').at(-1);
    assert.deepEqual([last?.kind, last?.round, last?.accuracy], ['final', 3, 0.7]);
    assert.match(readFileSync(join(folder, 'final.safetensors'), 'latin1'), /"__metadata__":\{[^}]*"run":"r-1"/);
  });

  test('an accuracy that falls far is told once, with where the good model lies, and again after it had come back', async () => {
    const { models, reporter, folder, round, valueIn } = keeping();
    const accuracies = [0.5, 0.9, 0.85, 0.1, 0.1, 0.88, 0.2, 0.95, 0.8];
    for (const [number, accuracy] of accuracies.entries()) round(number + 1, accuracy);
    await models.finish();
    const told = reporter.ofType('notice').map(({ level, text }) => `${level}: ${text}`);
    const [first, second, third, ...more] = told;
    assert.match(
      first ?? '',
      /^warning: The accuracy fell from 90.0 % in round 2 to 10.0 % in round 4\. The model of round 2 is kept/,
    );
    assert.ok(first?.includes(join(folder, 'best.safetensors')));
    assert.match(second ?? '', /from 90.0 % in round 2 to 20.0 % in round 7/);
    assert.match(third ?? '', /from 95.0 % in round 8 to 80.0 % in round 9/);
    assert.deepEqual(more, []);
    assert.equal(valueIn(join(folder, 'best.safetensors')), 8);
  });

  test('a model that comes after the end of its round is told', async () => {
    const { models, folder, tensors, valueIn } = keeping();
    models.evaluated({ round: 1, accuracy: 0.5, hash: hashOf('late') });
    models.arrived(hashOf('late'), tensors(7));
    await models.finish();
    assert.equal(valueIn(join(folder, 'final.safetensors')), 7);
  });

  test('a run without a finished round leaves no file', async () => {
    const { models, folder, tensors } = keeping();
    models.arrived(hashOf('first'), tensors(1));
    await models.finish();
    assert.equal(existsSync(folder), false);
  });

  test('a file that came to lie where the last one goes is moved aside and said', async () => {
    const path = join(root, 'chosen.safetensors');
    const { models, reporter, round, valueIn } = keeping(path);
    writeFileSync(path, 'somebody else');
    round(1, 0.5);
    await models.finish();
    assert.equal(valueIn(path), 1);
    assert.equal(readFileSync(`${path}.before`, 'utf8'), 'somebody else');
    assert.match(reporter.ofType('notice')[0]?.text ?? '', /was there already/);
  });

  test('a model that cannot be written where it was asked for is what the process ends with', async () => {
    writeFileSync(join(root, 'file'), '');
    const { models, reporter, round } = keeping(join(root, 'file', 'x.safetensors'));
    round(1, 0.5);
    const failure = await models.finish();
    assert.equal(reporter.ofType('notice').at(-1)?.level, 'error');
    assert.equal(failure?.code, 'path_unwritable');
    const end = withoutModel({ status: 'completed', reason: 'all 1 rounds are done' }, failure);
    assert.equal(end.status, 'failed');
    assert.match(
      end.reason,
      /^The run ended \(all 1 rounds are done\), and its model could not be written: .*x\.safeten/,
    );
  });

  test('one that nobody asked for a file of costs a notice and nothing else', async () => {
    const { models, reporter, folder, round } = keeping();
    writeFileSync(folder, '');
    round(1, 0.5);
    assert.equal(await models.finish(), null);
    assert.equal(reporter.ofType('notice').at(-1)?.level, 'error');
  });

  test('where the last one goes is checked before the run', () => {
    writeFileSync(join(root, 'there'), '');
    assert.throws(() => requireModelOut(join(root, 'there')), {
      code: 'settings_invalid',
      message: /is there already/,
    });
    assert.throws(() => requireModelOut(join(root, 'no', 'x')), { code: 'settings_invalid', message: /no folder/ });
    requireModelOut(join(root, 'new.safetensors'));
  });
});
