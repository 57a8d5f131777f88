import type { JSX } from 'react';
import type { StrategyName } from '#shared/contract/run/selection.ts';
import { Choice } from './choice.tsx';

const names: Readonly<Record<StrategyName, string>> = {
  fixed: 'fixed',
  rules: 'rules',
  'q-learning': 'Q-learning',
  bandit: 'bandit',
};

const words: Readonly<Record<StrategyName, string>> = {
  fixed: 'The first that the run offers, or the one that DEFAULT_PROTOCOL names.',
  rules: 'By a table: UDP blocked, moving, battery, loss, bandwidth, distance and size.',
  'q-learning': 'Learns a value per kind of network, as the reference framework does; takes some hundred rounds.',
  bandit: 'Learns how far a model of the network is off; takes some ten rounds.',
};

interface SelectionChoiceProps {
  readonly label: string;
  /** Null: what holds without a choice here. */
  readonly value: StrategyName | null;
  readonly usual: { readonly name: string; readonly words: string };
  readonly onChange: (value: StrategyName | null) => void;
  /** Said before the words of what is chosen. */
  readonly before: string;
}

/** How a participant chooses its protocol where a run leaves it to it. */
export function SelectionChoice({ label, value, usual, onChange, before }: SelectionChoiceProps): JSX.Element {
  const strategies = Object.entries(names) as [StrategyName, string][];
  return (
    <>
      <Choice
        label={label}
        value={value ?? 'usual'}
        options={[
          { value: 'usual' as const, name: usual.name },
          ...strategies.map(([strategy, name]) => ({ value: strategy, name })),
        ]}
        onChange={(next) => onChange(next === 'usual' ? null : next)}
      />
      <p className="help">
        {before} {value === null ? usual.words : words[value]}
      </p>
    </>
  );
}
