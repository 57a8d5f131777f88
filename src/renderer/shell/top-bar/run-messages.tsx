import { counted } from '#shared/base/text/counted.ts';
import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { navigate } from '#renderer/session/navigation.ts';
import type { RunView } from '#shared/run-view/run-view.ts';

/** That the run has something to say which nobody has asked for; what it is stands in Diagnosis. */
export function RunMessages({ view }: { readonly view: RunView }): JSX.Element | null {
  const told = view.notices.filter(({ level }) => level !== 'info');
  const last = told.at(-1);
  if (last === undefined) return null;
  return (
    <span className="acts msgs">
      <button
        type="button"
        className="btn ghost sm wrn"
        title={last.text}
        onClick={() => navigate({ view: 'diagnosis' })}
      >
        <Icon name="warn" as="small" />
        {counted(told.length, 'message')}
      </button>
    </span>
  );
}
