import type { JSX } from 'react';

/** First in the order of Tab and seen only with the focus: past rail and top bar into the view. */
export function SkipLink(): JSX.Element {
  return (
    <button type="button" className="btn skip vh" onClick={focusView}>
      Skip to the view
    </button>
  );
}

function focusView(): void {
  const main = document.querySelector('main');
  if (main === null) return;
  main.tabIndex = -1;
  main.focus();
}
