import type { JSX } from 'react';
import { focusView } from './focus-view.ts';

/** First in the order of Tab and seen only with the focus: past rail and top bar into the view. */
export function SkipLink(): JSX.Element {
  return (
    <button type="button" className="btn skip vh" onClick={() => focusView()}>
      Skip to the view
    </button>
  );
}
