import { useCallback } from 'react';
import { faultInWords } from '#renderer/components/fault-words.ts';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { useSession } from '#renderer/session/hooks.ts';
import { showError } from '#renderer/session/toasts.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import { asParticipantId } from '#shared/contract/ids.ts';
import type { FaultName, FaultSpec } from '#shared/contract/settings.ts';
import type { FaultView, RunView } from '#shared/run-view/run-view.ts';
import { faultRows } from './fault-rows.ts';
import type { FaultRow } from './fault-rows.ts';

/** Everybody, where a fault can act on everybody; the first participant else. */
export const everyone = '*';

/** Whether there is something to stop or disarm. */
export function isOn(fault: FaultView): boolean {
  return (
    fault.state === 'armed' ||
    (fault.state === 'active' && (faultRows.find((row) => row.name === fault.fault)?.stoppable ?? false))
  );
}

export function specOf(name: FaultName, target: string, round: number | undefined): FaultSpec {
  return {
    name,
    ...(target === everyone || target === '' ? {} : { participant: asParticipantId(target) }),
    ...(round === undefined ? {} : { round }),
  };
}

export type Act = (request: 'inject_fault' | 'clear_fault', fault: FaultSpec) => void;

/** Sends a request about a fault; what goes wrong becomes a toast. */
export function useFaultRequests(): Act {
  const session = useSession();
  return useCallback(
    (request, fault) => {
      session.request(request, { fault }).catch((error: unknown) => showError(toErrorReport(error)));
    },
    [session],
  );
}

const section = 'Demo: faults';

/** A letter injects, Shift and the letter arms, Esc stops all. */
export function useFaultCommands(
  view: RunView | null,
  inject: (row: FaultRow, armed: boolean) => void,
  stopAll: () => void,
): void {
  const reason = view === null ? { disabled: 'no demo is running' } : {};
  const commands: Command[] = faultRows.flatMap((row): Command[] => [
    {
      id: `inject-${row.name}`,
      section,
      group: 'do',
      title: `Inject: ${faultInWords(row.name)}`,
      icon: 'fault',
      key: row.letter,
      changesRun: true,
      ...reason,
      run: () => inject(row, false),
    },
    {
      id: `arm-${row.name}`,
      section,
      group: 'do',
      title: `Arm for the next round: ${faultInWords(row.name)}`,
      icon: 'fault',
      key: `Shift+${row.letter.toUpperCase()}`,
      changesRun: true,
      ...reason,
      run: () => inject(row, true),
    },
  ]);
  commands.push({
    id: 'stop-faults',
    section,
    group: 'do',
    title: 'Stop all faults',
    key: 'Escape',
    changesRun: true,
    ...reason,
    run: stopAll,
  });
  useCommands(commands);
}
