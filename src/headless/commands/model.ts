import { formatBytes } from '#shared/base/bytes.ts';
import { counted } from '#shared/base/text/counted.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { tryModel, type ModelTrial } from '#engine/trainer/imported/try-model.ts';
import { GraphFault } from '#engine/trainer/onnx/graph-fault.ts';
import type { Command } from '../arguments.ts';
import { complain } from '../complain.ts';
import { lineOf, writeOut } from '../json-lines.ts';

const batchSizeMax = 4096;

/** Whether a network from elsewhere could be trained here. */
export const model: Command = {
  name: 'model',
  summary:
    'Says whether an ONNX network can be trained here, and takes a step of it on random numbers; `coordinate` and `demo` ' +
    'train it. ' +
    'Exit status 1: it cannot, with the node and what to try.',
  positionals: [{ name: 'FILE', help: 'an .onnx file; examples/pytorch/roundscope_export.py writes one that trains' }],
  options: [
    { name: 'batch', value: 'N', help: 'examples of a step', default: '32' },
    {
      name: 'train',
      value: 'NAMES',
      help: 'parameters that train, with * for any characters; may be given several times',
      default: 'all',
      repeatable: true,
    },
    { name: 'json', help: 'one JSON object' },
  ],
  examples: ['roundscope model net.onnx', "roundscope model net.onnx --train 'head.*'"],
  run: async (args) => {
    const [path, ...more] = args.positionals;
    if (path === undefined || more.length > 0) return complain('model takes one ONNX file.', exitStatus.usage);
    const batchSize = Number(args.text('batch') ?? 32);
    if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > batchSizeMax) {
      return complain(`--batch is a number from 1 to ${batchSizeMax}.`, exitStatus.usage);
    }
    const named = args.all('train');
    const { signal } = new AbortController();
    try {
      const trains = named.length > 0 ? named : undefined;
      const trial = await tryModel(path, { batchSize, trains, clock: systemClock, signal });
      await writeOut(args.has('json') ? lineOf(trial) : linesFor(trial));
      return exitStatus.completed;
    } catch (error) {
      // Its message says what to try; the words for its code are about layer lists.
      if (error instanceof GraphFault) return complain(error.message, exitStatus.failed);
      throw error;
    }
  },
};

function linesFor(trial: ModelTrial): string {
  const by = (shape: readonly number[]): string => (shape.length > 0 ? shape.join(' x ') : 'one number');
  const rows: readonly (readonly [string, string])[] = [
    ['Exported by', `${trial.producer || 'a program that does not say'}, opset ${trial.opset}`],
    ['Input, output', `${by(trial.inputShape)} to ${by(trial.outputShape)}`],
    [
      'Model',
      `${counted(trial.parameters, 'number')} in ${counted(trial.tensors, 'tensor')}, ${formatBytes(trial.parameters * 4)} a model`,
    ],
    ['Trained', `${counted(trial.trainedParameters, 'number')} in ${counted(trial.trainedTensors, 'tensor')}`],
    ['Running statistics', counted(trial.buffers, 'tensor')],
    [
      'A training step',
      `${trial.stepMs.toFixed(1)} ms for ${counted(trial.batchSize, 'example')} on one thread, at most ${formatBytes(trial.stepBytes)}`,
    ],
  ];
  return rows.map(([what, is]) => `${what.padEnd(20)}${visibleText(is)}\n`).join('');
}
