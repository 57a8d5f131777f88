import { useCallback, useMemo } from 'react';
import { faultInWords } from '#renderer/components/words/fault-words.ts';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { useSession } from '#renderer/session/hooks.ts';
import { showError } from '#renderer/session/toasts.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import { asParticipantId, coordinatorId } from '#shared/contract/ids.ts';
import type { FaultName, FaultSpec } from '#shared/contract/run/settings.ts';
import type { FaultView } from '#shared/run-view/run-view.ts';
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

/** In words, of a fault that is set or armed. */
export function onWhom({ name }: Pick<FaultRow, 'name'>, participant: string | undefined): string {
  if (name === 'kill-coordinator') return coordinatorId;
  return participant === undefined || participant === everyone ? 'everyone' : participant;
}

/** Whom a fault acts on where nobody was chosen: the last one, or the one before it where that shows more. */
export function usualTarget(row: FaultRow, ids: readonly string[]): string {
  if (row.name === 'kill-coordinator') return everyone;
  return (row.name === 'drop-link' ? ids.at(-2) : undefined) ?? ids.at(-1) ?? everyone;
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
  running: boolean,
  inject: (row: FaultRow, armed: boolean) => void,
  stopAll: () => void,
  /** Elsewhere than in the Demo view: whether they are there at all, and whether Esc has something to stop. */
  elsewhere = inDemo,
): void {
  const { listed, stops } = elsewhere;
  useCommands(
    useMemo(() => {
      const commands = listed ? faultCommands(running, inject, stopAll) : none;
      return commands.filter(({ key }) => key !== 'Escape' || stops);
    }, [running, inject, stopAll, listed, stops]),
  );
}

const inDemo = { listed: true, stops: true };
const none: readonly Command[] = [];

/** The commands behind those keys. */
export function faultCommands(
  running: boolean,
  inject: (row: FaultRow, armed: boolean) => void,
  stopAll: () => void,
): readonly Command[] {
  const common = {
    section,
    group: 'do',
    icon: 'fault',
    changesRun: true,
    ...(running ? {} : { disabled: 'no demo is running' }),
  } as const;
  const commands = faultRows.flatMap((row): Command[] => [
    {
      ...common,
      id: `inject-${row.name}`,
      title: `Inject: ${faultInWords(row.name)}`,
      // Who looks for it by what it is finds it too.
      detail: 'fault',
      key: row.letter,
      run: () => inject(row, false),
    },
    {
      ...common,
      id: `arm-${row.name}`,
      title: `Arm for the next round: ${faultInWords(row.name)}`,
      key: `Shift+${row.letter.toUpperCase()}`,
      run: () => inject(row, true),
    },
  ]);
  return [...commands, { ...common, id: 'stop-faults', title: 'Stop all faults', key: 'Escape', run: stopAll }];
}
