import { useEffect } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { counted } from '#shared/base/text/counted.ts';
import { keyWords } from '#shared/base/text/key-words.ts';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import { participantIdSchema } from '#shared/contract/ids.ts';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { formatDay } from '#renderer/components/words/run-words.ts';
import { useNow, useRequest } from '#renderer/session/hooks.ts';

/** What this machine has answered to the plans of runs under this name, out of its signed log. */
export function Approvals({ own, run }: { readonly own: string; readonly run: string }): JSX.Element {
  const { state, send } = useRequest('approvals');
  const now = useNow(60_000);
  useEffect(() => {
    // Another run has another answer.
    void run;
    spawn('reading the approvals', send({ participant: participantIdSchema.parse(own) }));
  }, [send, own, run]);
  const value = state.kind === 'done' ? state.value : null;
  return (
    <>
      <div className="ph">
        <h2>Approvals</h2>
        <span className="sub">on this machine, as {own}</span>
        <div className="end">{value !== null && <Chain count={value.count} fault={value.fault} />}</div>
      </div>
      {state.kind === 'failed' && (
        <div className="lv-in">
          <ErrorCard error={state.error} />
        </div>
      )}
      {value !== null && value.answers.length === 0 && <p className="lv-in t2">No plan was answered yet.</p>}
      {value !== null && value.answers.length > 0 && (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key
        <div className="scroll" tabIndex={0} role="region" aria-label="Approvals, newest first">
          <table className="lv-t lv-a">
            <thead>
              <tr>
                <th>When</th>
                <th>Answer</th>
                <th>Run</th>
                <th>Asked by, plan</th>
                <th>By</th>
              </tr>
            </thead>
            <tbody>
              {value.answers.map(({ at, answer, name, plan, coordinator, by, reason }) => (
                <tr key={`${at} ${plan}`}>
                  <td>{formatDay(at, now)}</td>
                  <td>
                    <span className={answer === 'approved' ? 'tag ok' : 'tag warn'}>{answer}</span>
                  </td>
                  <td className="lv-c">{shownWithin(name)}</td>
                  <td className="data">
                    {keyWords(coordinator)} {plan.slice(0, 8)}
                  </td>
                  <td className="lv-c">
                    {shownWithin(by)}
                    {reason !== '' && <span className="t3 micro">{shownWithin(reason)}</span>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Chain({ count, fault }: { readonly count: number; readonly fault: string | null }): JSX.Element {
  return fault === null ? (
    <span className="okc lv-chain">
      <Icon name="check" as="small" /> the chain of {counted(count, 'answer')} is whole
    </span>
  ) : (
    <span className="tag stall">the log was changed: {fault}</span>
  );
}
