import type { OperatorCall } from './operator-call.ts';

/** How a window moves over the spatial axes of [batch, channels, ...], in numbers for each of them. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBefore: readonly number[];
  readonly padsAfter: readonly number[];
}

/** Attributes of convolutions and pools, with their defaults. `auto_pad` is worked out from the input's size. */
export function windowsOf(call: OperatorCall, kernel: readonly number[]): Windows {
  const spatial = call.input(0).shape.slice(2);
  const rank = spatial.length;
  if (rank < 1 || kernel.length !== rank) {
    throw call.fault('shape', `a window of ${kernel.length} axes on [${call.input(0).shape.join(', ')}]`);
  }
  const strides = call.ints('strides') ?? kernel.map(() => 1);
  const dilations = call.ints('dilations') ?? kernel.map(() => 1);
  const pads = call.ints('pads') ?? [...kernel, ...kernel].map(() => 0);
  if (strides.length !== rank || dilations.length !== rank || pads.length !== rank * 2) {
    throw call.fault('attribute', 'strides, dilations or pads have another number of axes than the window');
  }
  if ([...strides, ...dilations, ...kernel].some((n) => !(n >= 1)) || pads.some((n) => !(n >= 0))) {
    throw call.fault('attribute', 'window, strides or dilations below 1, or pads below 0');
  }
  const parts = { kernel, strides, dilations };
  const mode = call.text('auto_pad', 'NOTSET');
  if (mode === 'NOTSET') return { ...parts, padsBefore: pads.slice(0, rank), padsAfter: pads.slice(rank) };
  if (mode === 'VALID') return { ...parts, padsBefore: kernel.map(() => 0), padsAfter: kernel.map(() => 0) };
  if (mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') throw call.fault('attribute', `auto_pad is ${mode}`);
  const needed = spatial.map((size, i) => {
    const steps = Math.ceil(size / (strides[i] as number));
    return Math.max(0, (steps - 1) * (strides[i] as number) + reach(parts, i) - size);
  });
  const smaller = needed.map((n) => Math.floor(n / 2));
  const larger = needed.map((n) => Math.ceil(n / 2));
  const upper = mode === 'SAME_UPPER';
  return { ...parts, padsBefore: upper ? smaller : larger, padsAfter: upper ? larger : smaller };
}

/** Elements from the first to the last that a window covers along an axis. */
export function reach({ kernel, dilations }: Pick<Windows, 'kernel' | 'dilations'>, axis: number): number {
  return ((kernel[axis] as number) - 1) * (dilations[axis] as number) + 1;
}

/** Number of places where a window fits, for each spatial axis. */
export function windowCounts(call: OperatorCall, windows: Windows, ceil = false): number[] {
  return call
    .input(0)
    .shape.slice(2)
    .map((size, i) => {
      const before = windows.padsBefore[i] as number;
      const whole = size + before + (windows.padsAfter[i] as number) - reach(windows, i);
      const stride = windows.strides[i] as number;
      let count = (ceil ? Math.ceil(whole / stride) : Math.floor(whole / stride)) + 1;
      // As PyTorch: a window that starts behind the input and its padding before is left out.
      if (ceil && (count - 1) * stride >= size + before) count--;
      if (count >= 1) return count;
      throw call.fault('shape', `a window of ${reach(windows, i)} does not fit into ${size}`);
    });
}
