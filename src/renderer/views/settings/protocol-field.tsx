import type { JSX } from 'react';
import { Choice } from '#renderer/components/choice.tsx';
import { setPreferences, usePreferences } from '#renderer/session/preferences.ts';

const options = [
  { value: 'usual', name: 'usual' },
  { value: 'fixed', name: 'fixed' },
  { value: 'rules', name: 'rules' },
  { value: 'q-learning', name: 'Q-learning' },
  { value: 'bandit', name: 'bandit' },
] as const;

const words: Readonly<Record<(typeof options)[number]['value'], string>> = {
  usual: 'As the environment says, else the bandit.',
  fixed: 'The first that the run offers, or the one that DEFAULT_PROTOCOL names.',
  rules: 'By a table: UDP blocked, moving, battery, loss, bandwidth, distance and size.',
  'q-learning': 'Learns a value per kind of network, as the reference framework does; takes some hundred rounds.',
  bandit: 'Learns how far a model of the network is off; takes some ten rounds.',
};

/** How a participant of this app chooses its protocol where a run offers several. */
export function ProtocolField(): JSX.Element {
  const { selection } = usePreferences();
  const value = selection ?? 'usual';
  return (
    <div className="field">
      <span className="lab">Choice of protocol</span>
      <Choice
        label="Choice of protocol"
        value={value}
        options={options}
        onChange={(next) => setPreferences({ selection: next === 'usual' ? null : next })}
      />
      <span className="help">
        Where a run leaves it to the participant (transport auto); from the next start. {words[value]}
      </span>
    </div>
  );
}
