import { useEffect } from 'react';
import type { JSX } from 'react';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { useRequest } from '#renderer/session/hooks.ts';
import type { CheckLine } from '#shared/contract/port-api.ts';

const marks = {
  works: { icon: 'check', className: 'okc', words: 'works' },
  needs_a_step: { icon: 'warn', className: 'wrn', words: 'needs a step' },
  absent: { icon: 'close', className: 'wrn', words: 'not here' },
} as const;

/** What works on this machine, and how to mend what does not. */
export function MachineCheck(): JSX.Element {
  const { state, send } = useRequest('check');
  useEffect(() => void send({}), [send]);
  const lines = state.kind === 'done' ? state.value.lines : [];
  const working = lines.filter((line) => line.state === 'works').length;
  return (
    <>
      <div className="ph">
        <h2>This machine</h2>
        <span className="sub" role="status">
          {state.kind === 'pending'
            ? 'checking'
            : lines.length === 0
              ? ''
              : `${working} of ${lines.length} checks passed`}
        </span>
        <div className="end">
          <button type="button" className="btn sm" disabled={state.kind === 'pending'} onClick={() => void send({})}>
            Check again
          </button>
        </div>
      </div>
      {state.kind === 'failed' && <ErrorCard error={state.error} />}
      {lines.length > 0 && (
        <table className="chk">
          <thead>
            <tr>
              <th>
                <span className="vh">Result</span>
              </th>
              <th>Part</th>
              <th>State</th>
              <th className="w-lg">What to do</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <Line key={line.what} line={line} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function Line({ line }: { readonly line: CheckLine }): JSX.Element {
  const mark = marks[line.state];
  return (
    <tr>
      <td>
        <span className={mark.className}>
          <Icon name={mark.icon} />
          <span className="vh">{mark.words}</span>
        </span>
      </td>
      <td>
        <b>{line.what}</b>
      </td>
      <td>{line.detail}</td>
      <td className="t2 w-lg">{line.mend !== '' ? line.mend : line.required ? '' : 'not needed for the demo'}</td>
    </tr>
  );
}
