import type { JSX } from 'react';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import { errorWords } from '#shared/contract/error-words.ts';
import type { ErrorReport } from '#shared/base/errors.ts';

/** An error in full: what happened, what it means, what to try. */
export function ErrorCard({ error }: { readonly error: ErrorReport }): JSX.Element {
  const words = errorWords[error.code];
  return (
    <div className="err">
      <dl>
        <dt>What happened</dt>
        <dd>
          {shownWithin(error.message)}
          {error.causes.length > 0 && <span className="t2"> ({shownWithin(error.causes.join(': '))})</span>}
        </dd>
        <dt>What it means</dt>
        <dd>{words.meaning}</dd>
        <dt>What to try</dt>
        <dd>{words.tryThis}</dd>
      </dl>
    </div>
  );
}
