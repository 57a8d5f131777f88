import type { JSX } from 'react';
import { Choice } from '#renderer/components/forms/choice.tsx';
import { changeJoin } from '#renderer/session/run/drafts.ts';
import type { JoinDraft } from '#renderer/session/run/drafts.ts';

/** How this machine behaves while it takes part. */
export function OwnMachine({ draft }: { readonly draft: JoinDraft }): JSX.Element {
  return (
    <>
      <div className="ph lv">
        <h2>On this machine</h2>
        <span className="sub">while it takes part</span>
      </div>
      <div className="in mine">
        <label className="check">
          <input
            type="checkbox"
            checked={draft.keepAwake}
            onChange={(event) => changeJoin({ keepAwake: event.target.checked })}
          />
          Keep awake until the run is over
        </label>
        <div className="fc">
          <span className="t2">A coordinator that does not answer is given up</span>
          <Choice
            label="When a coordinator that does not answer is given up"
            value={draft.givesUp ? 'ten' : 'never'}
            options={[
              { value: 'ten', name: 'after 10 min' },
              { value: 'never', name: 'never' },
            ]}
            onChange={(value) => changeJoin({ givesUp: value === 'ten' })}
          />
        </div>
        <p className="t3 micro">
          Time asleep is not counted. The final model is kept on this machine and its place told.
        </p>
      </div>
    </>
  );
}
