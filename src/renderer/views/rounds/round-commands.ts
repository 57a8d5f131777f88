import { useCallback, useMemo } from 'react';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { navigate } from '#renderer/session/navigation.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { packetFilter } from './packet-filter.ts';
import type { WindowControl } from './use-time-window.ts';

const section = 'Rounds';

/** Keys of the rounds view. The list has the newest on top, so `j`, down, goes back in time. */
export function useRoundCommands(
  view: RunView,
  control: WindowControl,
  opened: { readonly round: number | null; readonly participant: string | null },
): void {
  const { round, participant } = opened;
  const newest = view.rounds.at(-1)?.round ?? 0;
  const oldest = view.rounds[0]?.round ?? 0;
  const stepTo = useCallback(
    (step: number) => {
      const from = round ?? newest + (step < 0 ? 1 : 0);
      navigate({ round: Math.min(newest, Math.max(oldest, from + step)) });
    },
    [round, newest, oldest],
  );
  const stepCommands = useMemo((): Command[] => {
    const openPackets = (): void => navigate({ view: 'packets', filter: packetFilter(round ?? newest, participant) });
    const close = (): void => navigate({ round: null, participant: null });
    return [
      key('round-before', 'j', 'Round before', () => stepTo(-1)),
      key('round-after', 'k', 'Round after', () => stepTo(1)),
      key('open-round', 'Enter', 'Open the round', () => stepTo(0)),
      key('close-round', 'Escape', 'Close the round', close),
      {
        id: 'its-packets',
        section,
        group: 'go',
        title: `Packets of round ${round ?? newest}`,
        icon: 'packets',
        key: 'p',
        run: openPackets,
      },
    ];
  }, [stepTo, round, newest, participant]);
  useCommands(stepCommands);
  const { follow, zoomBy, panBy } = control;
  const timeCommands = useMemo(
    (): Command[] => [
      {
        id: 'follow',
        section,
        group: 'do',
        title: 'Live: follow the run',
        icon: 'rounds',
        key: 'f',
        run: () => follow(),
      },
      key('zoom-in', '+', 'Zoom in', () => zoomBy(1 / 1.5, 0.5)),
      key('zoom-out', '-', 'Zoom out', () => zoomBy(1.5, 0.5)),
      key('earlier', ',', 'Earlier', () => panBy(-0.25)),
      key('later', '.', 'Later', () => panBy(0.25)),
    ],
    [follow, zoomBy, panBy],
  );
  useCommands(timeCommands);
}

/** A command that makes sense by its key alone. */
function key(id: string, name: string, title: string, run: () => void): Command {
  return { id, section, group: 'do', title, key: name, hidden: true, run };
}
