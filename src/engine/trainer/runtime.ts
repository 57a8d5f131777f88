import type * as OnnxRuntime from 'onnxruntime-node';
import { trainerError } from './errors.ts';
import { StepGate } from './step-gate.ts';

/** The part of the runtime that training needs. */
export interface GraphSession extends AsyncDisposable {
  /** Computes all outputs; returns to the event loop before it starts, then holds the thread until it is done. */
  run(feeds: Readonly<Record<string, GraphInput>>): Promise<Readonly<Record<string, Float32Array>>>;
}

export interface GraphInput {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/**
 * Everything spelled out, since defaults change. One thread, because four participants share a machine and because the
 * order of sums then is the same on every run.
 */
const sessionOptions: OnnxRuntime.InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
};

/**
 * Loads a graph into onnxruntime, which is imported here and nowhere else, when first needed: a process that does not
 * train does not pay its 40 MB.
 * @param gate of the thread that this runs in, if another may end it
 */
export async function openGraph(model: Uint8Array, gate = new StepGate()): Promise<GraphSession> {
  const ort = await gate.pass(loadRuntime);
  const session = await gate.pass(() => ort.InferenceSession.create(model, sessionOptions));
  return {
    run: async (feeds) => {
      const tensors: Record<string, OnnxRuntime.Tensor> = {};
      for (const [name, { data, shape }] of Object.entries(feeds))
        tensors[name] = new ort.Tensor('float32', data, shape);
      const results = await gate.pass(() => session.run(tensors));
      const outputs: Record<string, Float32Array> = {};
      for (const [name, value] of Object.entries(results)) outputs[name] = value.data as Float32Array;
      return outputs;
    },
    [Symbol.asyncDispose]: () => gate.pass(() => session.release()),
  };
}

async function loadRuntime(): Promise<typeof OnnxRuntime> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw trainerError(
      'training_failed',
      `onnxruntime does not load on this machine (${process.platform} ${process.arch}). Run npm ci again; on Linux it needs glibc 2.28 or newer.`,
      { cause },
    );
  }
}
