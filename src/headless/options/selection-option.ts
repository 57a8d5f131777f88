import { strategyNames, type StrategyName } from '#shared/contract/run/selection.ts';
import { selectionFromEnvironment } from '#engine/selection/environment.ts';
import type { Option } from '../arguments.ts';

export const selectionOption: Option = {
  name: 'selection',
  value: 'HOW',
  help: `how a participant chooses under --transport auto: ${strategyNames.join(', ')}`,
  default: 'PROTOCOL_SELECTION, else bandit',
};

/** What is wrong with the variables that say how to choose, as a sentence; before a process that would end of it is started. */
export function wrongEnvironment(strategy: StrategyName | undefined): string | null {
  const checked = selectionFromEnvironment(process.env, strategy === undefined ? {} : { strategy });
  return checked.ok ? null : checked.error.message;
}
