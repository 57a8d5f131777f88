import { useEffect, useState } from 'react';
import type { JSX } from 'react';
import { keyWords } from '#shared/base/text/key-words.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { RequestOf } from '#shared/contract/app/port-api.ts';
import type { AskingView } from '#shared/run-view/run-view.ts';
import { formatSeconds } from '#renderer/components/words/format.ts';
import { useNow, useRequest } from '#renderer/session/hooks.ts';
import { showError } from '#renderer/session/toasts.ts';

/** Who waits to be let in, each with the three answers; absent while nobody does. */
export function Asking({ asking }: { readonly asking: readonly AskingView[] }): JSX.Element | null {
  const now = useNow(1000);
  if (asking.length === 0) return null;
  return (
    <ul className="asking" aria-label="Waiting to be let in">
      {asking.map((one) => (
        <Question key={`${one.participant} ${one.key}`} one={one} now={now} />
      ))}
    </ul>
  );
}

/** An answer takes a round trip to a process on this machine. */
const heardWithinMs = 5000;

function Question({ one, now }: { readonly one: AskingView; readonly now: number }): JSX.Element {
  const { participant, key, address, at } = one;
  const { state, send } = useRequest('decide_admission');
  useEffect(() => {
    if (state.kind === 'failed') showError(state.error);
  }, [state]);
  const [answeredAt, setAnsweredAt] = useState(0);
  // It is gone from the list as soon as the coordinator has heard. One that still stands there was not heard: it is asked again.
  const answered = state.kind === 'pending' || (state.kind === 'done' && now - answeredAt < heardWithinMs);
  const answer = (decision: RequestOf<'decide_admission'>['decision']): void => {
    setAnsweredAt(now);
    spawn('answering who asks to be let in', send({ participant: participant as never, key, decision }));
  };
  return (
    <li>
      <span className="two-l">
        <span>
          <b>{participant}</b> asks to be let in
        </span>
        <small>
          key <span className="data">{keyWords(key)}</span> · from <span className="data">{address}</span> ·{' '}
          {formatSeconds(Math.max(0, now - at))}
        </small>
      </span>
      <span className="end">
        <button type="button" className="btn pri" disabled={answered} onClick={() => answer('admit')}>
          Let in
        </button>
        <button
          type="button"
          className="btn"
          disabled={answered}
          title="In later runs of this machine without a question"
          onClick={() => answer('always')}
        >
          Always
        </button>
        <button type="button" className="btn" disabled={answered} onClick={() => answer('refuse')}>
          Refuse
        </button>
      </span>
    </li>
  );
}
