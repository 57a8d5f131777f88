import { useEffect } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { useRequest } from '#renderer/session/hooks.ts';
import { useShortPath } from '#renderer/session/recordings/use-short-path.ts';
import type { CheckLine } from '#shared/contract/app/port-api.ts';

/** What works on this machine, and how to fix what does not. */
export function MachineCheck(): JSX.Element {
  const { state, send } = useRequest('check');
  useEffect(() => spawn('checking this machine', send({})), [send]);
  const lines = state.kind === 'done' ? state.value.lines : [];
  const working = lines.filter((line) => line.state === 'works').length;
  return (
    <section className="mach" aria-label="This machine">
      <div className="mach-h">
        <h2 className="small">This machine</h2>
        <span className="t3" role="status">
          {state.kind === 'pending'
            ? 'checking'
            : lines.length === 0
              ? ''
              : `${working} of ${lines.length} checks pass`}
          {lines.length > working && !lines.some(isNeeded) && '; the rest works without them'}
        </span>
        <button
          type="button"
          className="btn sm"
          disabled={state.kind === 'pending'}
          onClick={() => spawn('checking this machine', send({}))}
        >
          Check again
        </button>
      </div>
      {state.kind === 'failed' && <ErrorCard error={state.error} />}
      {lines.length > 0 && (
        <ul className="mg">
          {lines.map((line) => (
            <Line key={line.what} line={line} />
          ))}
        </ul>
      )}
    </section>
  );
}

function isNeeded(line: CheckLine): boolean {
  return line.required && line.state !== 'works';
}

/** A warning only where something that is needed is missing; what merely could be added is no trouble. */
function markOf(line: CheckLine): {
  readonly icon: 'check' | 'warn' | 'unknown';
  readonly className: string;
  readonly words: string;
} {
  if (line.state === 'works') return { icon: 'check', className: 'okc', words: 'works' };
  const words = line.state === 'absent' ? 'not here' : 'needs a step';
  return isNeeded(line) ? { icon: 'warn', className: 'wrn', words } : { icon: 'unknown', className: 't3', words };
}

function Line({ line }: { readonly line: CheckLine }): JSX.Element {
  const mark = markOf(line);
  const short = useShortPath();
  return (
    <li title={[line.detail, line.fix].filter((part) => part !== '').join('. ')}>
      <span className={mark.className}>
        <Icon name={mark.icon} />
        <span className="vh">{mark.words}: </span>
      </span>
      <b>{line.what}</b>
      <span className="t2">
        {short(line.detail)}
        {line.fix !== '' && <small>{line.fix}</small>}
      </span>
    </li>
  );
}
