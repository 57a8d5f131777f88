import { useMemo } from 'react';
import type { JSX } from 'react';
import { formatCount } from '#shared/base/counted.ts';
import { readTensorSample } from './tensor-sample.ts';

/** The arrays that a body says it holds; figures only of those whose every byte was kept. */
export function TensorSection({
  sample,
  bodyBytes,
}: {
  readonly sample: Uint8Array;
  readonly bodyBytes: number;
}): JSX.Element | null {
  const read = useMemo(() => readTensorSample(sample), [sample]);
  if (read === null) return null;
  const values = read.tensors.reduce(
    (sum, tensor) => sum + tensor.shape.reduce((product, side) => product * side, 1),
    0,
  );
  const whole = read.tensors.filter((tensor) => tensor.summary !== null).length;
  const nans = read.tensors.reduce((sum, tensor) => sum + (tensor.summary?.nanCount ?? 0), 0);
  return (
    <div className="d-sec">
      <h3>
        Tensors
        <span className="end">
          {formatCount(read.tensors.length)} arrays, {formatCount(values)} values
          {sample.length < bodyBytes ? `, ${whole} wholly in the kept sample` : `, ${nans} NaN`}
        </span>
      </h3>
      <table className="tt">
        <thead>
          <tr>
            <th>Name</th>
            <th>Type</th>
            <th>Shape</th>
            <th className="num">Min</th>
            <th className="num">Mean</th>
            <th className="num">Max</th>
            <th className="num">NaN</th>
          </tr>
        </thead>
        <tbody>
          {read.tensors.map((tensor) => (
            <tr key={tensor.name}>
              <td title={tensor.name}>{tensor.name}</td>
              <td>{tensor.dtype.toLowerCase()}</td>
              <td>{tensor.shape.length === 0 ? 'scalar' : tensor.shape.join(' × ')}</td>
              {tensor.summary === null ? (
                <td className="num t3" colSpan={4}>
                  not in the kept sample
                </td>
              ) : (
                <>
                  <td className="num">{formatValue(tensor.summary.min)}</td>
                  <td className="num">{formatValue(tensor.summary.mean)}</td>
                  <td className="num">{formatValue(tensor.summary.max)}</td>
                  <td className={`num${tensor.summary.nanCount > 0 ? ' stl' : ''}`}>{tensor.summary.nanCount}</td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {read.notShown > 0 ? <p className="d-note">{formatCount(read.notShown)} more are not listed here.</p> : null}
    </div>
  );
}

function formatValue(value: number | null): string {
  if (value === null) return '–';
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-4 || size >= 1e5) ? size.toExponential(1) : size.toPrecision(3);
  return `${value < 0 ? '−' : ''}${text}`;
}
