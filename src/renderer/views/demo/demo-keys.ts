import { useCallback, useMemo } from 'react';
import { faultInWords } from '#renderer/components/words/fault-words.ts';
import { useRunView, useSession } from '#renderer/session/hooks.ts';
import { usePlace } from '#renderer/session/navigation.ts';
import { showInfo } from '#renderer/session/toasts.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { isOn, onWhom, specOf, usualTarget, useFaultCommands, useFaultRequests } from './faults/fault-actions.ts';
import type { FaultRow } from './faults/fault-rows.ts';

/**
 * The keys of the faults in every other view of a running demo, so that an audience sees lanes while something breaks.
 * Keys of the view itself come first, and all letters can be switched off.
 */
export function useDemoKeys(takesCommands: boolean): void {
  const session = useSession();
  const isRunning = useRunView(isRunningDemo) ?? false;
  const running = isRunning && takesCommands;
  const stops = useRunView((view) => view.faults.some(isOn)) ?? false;
  const place = usePlace();
  const listed = running && place.view !== 'demo';
  const act = useFaultRequests();
  const inject = useCallback(
    (row: FaultRow, armed: boolean) => {
      const { view } = session.state();
      if (view === null) return;
      const target = usualTarget(row, hereOf(view));
      const round = armed ? view.round + 1 : undefined;
      act('inject_fault', specOf(row.name, target, round));
      showInfo(
        `${armed ? `Armed for round ${round}` : 'Injected'}: ${faultInWords(row.name)}${row.name === 'kill-coordinator' ? '' : ` on ${onWhom(row, target)}`}`,
      );
    },
    [session, act],
  );
  const stopAll = useCallback(() => {
    for (const { fault, participant } of session.state().view?.faults.filter(isOn) ?? [])
      act('clear_fault', specOf(fault, participant, undefined));
  }, [session, act]);
  useFaultCommands(
    running,
    inject,
    stopAll,
    useMemo(() => ({ listed, stops }), [listed, stops]),
  );
}

function isRunningDemo(view: RunView): boolean {
  return view.demo !== null && view.endedAt === null;
}

function hereOf(view: RunView): readonly string[] {
  return view.participants.filter(({ left, exited }) => left === null && exited === null).map(({ id }) => id);
}
