import { typed, type Operator, type OperatorCall, type OperatorTable } from './operator-call.ts';
import { reach, windowCounts, windowsOf, type Windows } from './windows.ts';

/** x [batch, channels, ...], w [filters, channels / group, ...kernel]. */
export function convolution(call: OperatorCall): { readonly windows: Windows; readonly group: number } {
  const [x, w] = [call.input(0), call.input(1)];
  const group = call.int('group', 1);
  const [filters, channels] = w.shape as [number, number];
  const fits =
    group >= 1 && x.shape[1] === channels * group && filters % group === 0 && w.shape.length === x.shape.length;
  if (fits) return { windows: windowsOf(call, w.shape.slice(2)), group };
  throw call.fault('shape', `a kernel [${w.shape.join(', ')}] in ${group} groups on [${x.shape.join(', ')}]`);
}

const conv: Operator = {
  infer: (call) => {
    const { windows } = convolution(call);
    const [x, w] = [call.input(0), call.input(1)];
    return [typed(x.type, [x.shape[0] as number, w.shape[0] as number, ...windowCounts(call, windows)])];
  },
};

export interface Transposed {
  readonly windows: Windows;
  readonly group: number;
  readonly outputPadding: readonly number[];
}

/** x [batch, channels, ...], w [channels, filters / group, ...kernel]. */
export function transposed(call: OperatorCall): Transposed {
  const [x, w] = [call.input(0), call.input(1)];
  const group = call.int('group', 1);
  const fits = group >= 1 && x.shape[1] === w.shape[0] && (w.shape[0] as number) % group === 0;
  if (!fits || w.shape.length !== x.shape.length) {
    throw call.fault('shape', `a kernel [${w.shape.join(', ')}] in ${group} groups on [${x.shape.join(', ')}]`);
  }
  if (call.text('auto_pad', 'NOTSET') !== 'NOTSET' || call.attributes.has('output_shape')) {
    throw call.fault(
      'attribute',
      'auto_pad and output_shape are not used here',
      'Export with explicit pads and output_padding',
    );
  }
  const windows = windowsOf(call, w.shape.slice(2));
  return { windows, group, outputPadding: call.ints('output_padding') ?? windows.kernel.map(() => 0) };
}

const convTranspose: Operator = {
  infer: (call) => {
    const { windows, group, outputPadding } = transposed(call);
    const [x, w] = [call.input(0), call.input(1)];
    const spatial = x.shape.slice(2).map((size, i) => {
      const pads = (windows.padsBefore[i] as number) + (windows.padsAfter[i] as number);
      return (size - 1) * (windows.strides[i] as number) + (outputPadding[i] ?? 0) + reach(windows, i) - pads;
    });
    if (spatial.some((size) => size < 1)) throw call.fault('shape', `its output would be ${spatial.join('x')}`);
    return [typed(x.type, [x.shape[0] as number, (w.shape[1] as number) * group, ...spatial])];
  },
};

export const convolutions: OperatorTable = { Conv: conv, ConvTranspose: convTranspose };
