import type { JSX } from 'react';
import { formatCount } from '#shared/base/text/counted.ts';
import { toldCount } from '#shared/base/text/told-count.ts';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import { alsoSeen, whatLeaves } from '#shared/contract/app/what-leaves.ts';
import type { Leaving } from '#shared/contract/app/what-leaves.ts';
import { formatBytes } from '#renderer/components/words/format.ts';
import { changeJoin } from '#renderer/session/run/drafts.ts';
import type { Join } from './use-join.ts';

/** A parameter travels as a float32. */
const bytesPerParameter = 4;

/** All that leaves this machine when it takes part, before it does: the list of docs/security.md, with what is known of it here. */
export function SentBack({ join }: { readonly join: Join }): JSX.Element {
  const { plan, draft } = join;
  const update = plan === null ? null : plan.parameters * bytesPerParameter;
  const left = plan === null ? 0 : Math.max(1, plan.rounds - Math.max(0, plan.round - 1));
  return (
    <>
      <div className="ph lv">
        <h2>What is sent</h2>
        <span className="sub">to the coordinator alone</span>
      </div>
      <div className="in">
        <dl className="sent">
          {whatLeaves.map((leaving) => (
            <Row key={leaving.what} leaving={leaving} known={knownOf(leaving, join, update)} />
          ))}
          <dt className="nv">Pictures, labels, names of folders and files</dt>
          <dd className="nv">never</dd>
        </dl>
        <label className="check">
          <input
            type="checkbox"
            checked={draft.exactCounts}
            onChange={(event) => changeJoin({ exactCounts: event.target.checked })}
          />
          Tell the coordinator exact counts
        </label>
        {update !== null && (
          <p className="t3 micro">
            About {formatBytes(update * left)} up in {left === 1 ? 'one round' : `${left} rounds`}, and as much down for
            the models to train from.
          </p>
        )}
        <p className="t2 seen">Seen on the way without being sent</p>
        {alsoSeen.map(({ what, note }) => (
          <p className="t3 micro" key={what}>
            <span className="t2">{what}.</span> {note}
          </p>
        ))}
      </div>
    </>
  );
}

function Row({ leaving, known }: { readonly leaving: Leaving; readonly known: string | null }): JSX.Element {
  const { what, when, note } = leaving;
  return (
    <>
      <dt>
        {what}
        {known !== null && <b>: {known}</b>}
        <span className="t3 micro">{note}</span>
      </dt>
      <dd className="t2">{when}</dd>
    </>
  );
}

/** Which of them it is, told by one of the fields that it stands for. */
function knownOf({ fields }: Leaving, { plan, preview, draft }: Join, update: number | null): string | null {
  if (fields.includes('model_update payload')) return update === null ? null : formatBytes(update);
  if (fields.includes('register.name')) return draft.name.trim() === '' ? null : shownWithin(draft.name.trim());
  if (!fields.includes('register.data.examples') || plan === null || preview === null || preview.fault !== null)
    return null;
  const told = (count: number): string => formatCount(draft.exactCounts ? count : toldCount(count));
  return `${told(preview.total - preview.heldOut)} to train, ${told(preview.heldOut)} to validate`;
}
