import type { JSX } from 'react';
import { counted } from '#shared/base/text/counted.ts';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { formatBytes } from '#renderer/components/words/format.ts';

const dtypeNames: Readonly<Record<string, string>> = {
  F32: 'float32',
  F64: 'float64',
  F16: 'float16',
  BF16: 'bfloat16',
};

/** The arrays within an update, where they were measured before they were sent: of the same bytes, by their hash. */
export function TensorTable({
  tensors: sent,
  hash,
}: {
  readonly tensors: RunView['sentTensors'];
  readonly hash: string;
}): JSX.Element {
  if (sent === null || sent.contribution !== hash)
    return (
      <div className="sec">
        <h3>Arrays</h3>
        <p className="t2">Not measured in this recording; its packets have what was kept of them.</p>
      </div>
    );
  return (
    <div className="sec">
      <h3>
        {counted(sent.tensors.length + sent.more, 'array')}
        <span className="end">step: difference to the model of round {sent.round}</span>
      </h3>
      <table className="lv-n">
        <thead>
          <tr>
            <th>Name</th>
            <th>Shape</th>
            <th>Type</th>
            <th className="num">Size</th>
            <th className="num">Norm</th>
            <th className="num">Step</th>
          </tr>
        </thead>
        <tbody>
          {sent.tensors.map(({ name, shape, dtype, sizeBytes, norm, stepNorm }) => (
            <tr key={name}>
              <td className="data" title={name}>
                {shownWithin(name)}
              </td>
              <td>{shape.length === 0 ? 'scalar' : shape.join(' × ')}</td>
              <td>{dtypeNames[dtype] ?? dtype}</td>
              <td className="num">{formatBytes(sizeBytes)}</td>
              <td className="num">{normText(norm)}</td>
              <td className="num">{normText(stepNorm)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {sent.more > 0 && <p className="t3 micro">{sent.more} more are not listed here.</p>}
    </div>
  );
}

function normText(norm: number | null): string {
  return norm === null ? 'no number' : norm.toPrecision(3);
}
