import { useId, useState } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { Dialog } from '#renderer/components/dialog.tsx';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { useRequest } from '#renderer/session/hooks.ts';
import { showInfo } from '#renderer/session/toasts.ts';

/** Asks before somebody is sent away, and says what becomes of its work. */
export function ExpelDialog({
  participant,
  asked: key,
  onClose,
}: {
  readonly participant: string;
  /** Its key as it was when the question was put: the name may change hands below it. */
  readonly asked: string;
  readonly onClose: () => void;
}): JSX.Element {
  const id = useId();
  const [reason, setReason] = useState('');
  const [renews, setRenews] = useState(true);
  const expelling = useRequest('expel_participant');
  const renewing = useRequest('renew_invitation');
  const pending = expelling.state.kind === 'pending' || renewing.state.kind === 'pending';
  const act = async (): Promise<void> => {
    // First the door, or it could come again in between; what has been done is not done twice.
    if (renews && renewing.state.kind !== 'done' && (await renewing.send({})) === null) return;
    const whom = { participant: participant as never, ...(key === '' ? {} : { key }) };
    const answer = await expelling.send({ ...whom, reason: reason.trim() });
    if (answer === null) return;
    if (answer.nameStays)
      showInfo(`${participant} had left. Its key stays out; who has the name now is another one and stays.`);
    onClose();
  };
  const failed = [expelling.state, renewing.state].find((state) => state.kind === 'failed');
  return (
    <Dialog label={`Send ${participant} away?`} className="ask" onClose={onClose}>
      <h2>Send {participant} away?</h2>
      <p>
        Its name and its key stay out until the run is over, and it is told. An update of the round under way does not
        count any more, unless the average has begun.
      </p>
      <div className="field one">
        <label htmlFor={id}>Reason</label>
        <input
          id={id}
          className="inp"
          maxLength={200}
          autoComplete="off"
          placeholder="is told to it; may be empty"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </div>
      <label className="check">
        <input type="checkbox" checked={renews} onChange={(event) => setRenews(event.target.checked)} />
        <span>Renew the invitation: with the old one it could come again under another name and key</span>
      </label>
      {failed?.kind === 'failed' && <ErrorCard error={failed.error} />}
      <div className="acts">
        <button type="button" className="btn" onClick={onClose}>
          Keep it
        </button>
        <button
          type="button"
          className="btn pri"
          disabled={pending}
          onClick={() => spawn('sending a participant away', act())}
        >
          {pending ? 'Telling it' : 'Send away'}
        </button>
      </div>
    </Dialog>
  );
}
