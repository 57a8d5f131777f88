import type { JSX } from 'react';
import { counted, formatCount } from '#shared/base/text/counted.ts';
import type { ElementStats } from '#shared/decode/element-stats.ts';
import type { TensorRow } from '#shared/decode/tensor-table.ts';

const tensorsShownMax = 200;

/** The arrays that a body says it holds; figures only of those whose every byte was kept. */
export function TensorSection({
  format,
  tensors,
}: {
  readonly format: string;
  readonly tensors: readonly TensorRow[];
}): JSX.Element {
  const values = tensors.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
  const whole = tensors.filter(({ stats }) => stats !== null).length;
  const nans = tensors.reduce((sum, { stats }) => sum + (stats?.nanCount ?? 0), 0);
  const shown = tensors.slice(0, tensorsShownMax);
  return (
    <div className="d-sec">
      <h3>
        Tensors
        <span className="end">
          {format}, {counted(tensors.length, 'array')}, {formatCount(values)} values
          {whole < tensors.length ? `, ${whole} wholly in the kept sample` : `, ${nans} NaN`}
        </span>
      </h3>
      <table className="tt">
        <thead>
          <tr>
            <th>Name</th>
            <th className="opt">Type</th>
            <th>Shape</th>
            <th className="num">Min</th>
            <th className="num opt">Mean</th>
            <th className="num">Max</th>
            <th className="num opt">Std</th>
            <th className="num">NaN</th>
            <th className="opt">
              <span className="vh">Histogram</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ name, dtype, shape, stats }) => (
            <tr key={name}>
              <td title={name}>{name}</td>
              <td className="opt">{dtype.toLowerCase()}</td>
              <td>{shape.length === 0 ? 'scalar' : shape.join(' × ')}</td>
              {stats === null ? (
                <td className="num t3" colSpan={6}>
                  not in the kept sample
                </td>
              ) : (
                <>
                  <td className="num">{formatValue(stats.min)}</td>
                  <td className="num opt">{formatValue(stats.mean)}</td>
                  <td className="num">{formatValue(stats.max)}</td>
                  <td className="num opt">{formatValue(stats.std)}</td>
                  <td className={`num${stats.nanCount > 0 ? ' stl' : ''}`}>{stats.nanCount}</td>
                  <td className="opt">
                    <Histogram of={stats.histogram} />
                  </td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {tensors.length > shown.length ? (
        <p className="d-note">{formatCount(tensors.length - shown.length)} more are not listed here.</p>
      ) : null}
    </div>
  );
}

const widthPx = 48;
const heightPx = 14;

/** How the values are spread, smallest left; the height is that of the fullest step. */
function Histogram({ of }: { readonly of: ElementStats['histogram'] }): JSX.Element | null {
  if (of === null) return null;
  const most = Math.max(1, ...of.counts);
  const step = widthPx / of.counts.length;
  const words = `Values from ${formatValue(of.from)} to ${formatValue(of.to)}`;
  return (
    <svg className="tt-h" width={widthPx} height={heightPx} role="img" aria-label={words}>
      <title>{words}</title>
      {of.counts.map((count, i) =>
        count === 0 ? null : (
          <rect
            // Steps of one scale: their place is what they are.
            key={`${i * step}`}
            x={i * step}
            width={step}
            // One value is still to be seen.
            y={heightPx - Math.max(1, (count / most) * heightPx)}
            height={Math.max(1, (count / most) * heightPx)}
          />
        ),
      )}
    </svg>
  );
}

function formatValue(value: number | null): string {
  if (value === null) return '–';
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-4 || size >= 1e5) ? size.toExponential(1) : size.toPrecision(3);
  return `${value < 0 ? '−' : ''}${text}`;
}
