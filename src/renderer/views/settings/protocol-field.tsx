import type { JSX } from 'react';
import { SelectionChoice } from '#renderer/components/forms/selection-choice.tsx';
import { setPreferences, usePreferences } from '#renderer/session/preferences.ts';

/** How a participant of this app chooses its protocol where a run offers several. */
export function ProtocolField(): JSX.Element {
  const { selection } = usePreferences();
  return (
    <div className="field">
      <span className="lab">Choice of protocol</span>
      <SelectionChoice
        label="Choice of protocol"
        value={selection}
        usual={{ name: 'default', words: 'Bandit, unless PROTOCOL_SELECTION says otherwise.' }}
        before="Where a run leaves it to the participant (transport auto); from the next start."
        onChange={(next) => setPreferences({ selection: next })}
      />
    </div>
  );
}
