import { useCallback, useMemo, useState } from 'react';
import type { JSX } from 'react';
import { IncompleteLine } from '#renderer/components/incomplete-line.tsx';
import { useNow } from '#renderer/session/hooks.ts';
import { usePlace } from '#renderer/session/navigation.ts';
import { seatLink, unheardSince } from '#renderer/session/run/seat-link.ts';
import type { SeatLink } from '#renderer/session/run/seat-link.ts';
import { ownParticipant } from '#shared/run-view/seat.ts';
import type { RoundView, RunView } from '#shared/run-view/run-view.ts';
import { LanesHead } from '../lanes/lanes-head.tsx';
import type { Swatch } from '../lanes/lanes-head.tsx';
import { closeRound, openLane } from '../open-round.ts';
import { Overview } from '../overview/overview.tsx';
import { useRoundCommands } from '../round-commands.ts';
import { silentWindow } from '../time-window.ts';
import { useTimeWindow } from '../use-time-window.ts';
import type { WindowControl } from '../use-time-window.ts';
import { Contributions } from './contributions.tsx';
import { LinkPanel } from './link-panel.tsx';
import { SeatDetail } from './seat-detail.tsx';
import { SeatLanes } from './seat-lanes.tsx';
import { SeatSide } from './seat-side.tsx';
import './seat.css';

/** Rounds from a participant's chair: own work as it was seen, everything else as the coordinator told it. */
export function SeatRounds({ view }: { readonly view: RunView }): JSX.Element {
  const place = usePlace();
  const now = useNow(1000);
  const link = useSeatLink(view, now);
  const own = ownParticipant(view);
  const silence = link?.kind === 'silent' ? link : null;
  const [closedAt, setClosedAt] = useState(0);
  const round = place.round === null ? undefined : view.rounds.find((one) => one.round === place.round);
  const control = useSeatWindow(view, round, link, now);
  const openLink = useCallback(() => {
    setClosedAt(0);
    closeRound();
  }, []);
  useRoundCommands(view, control, place);
  const showLink = silence !== null && round === undefined && closedAt !== silence.heardAt;
  const opened = round !== undefined || showLink;
  return (
    <main className={`rounds seat${opened ? ' opened' : ''}${silence === null ? '' : ' is-gone'}`}>
      <section className="panel p-lanes" aria-label="Rounds over time">
        <LanesHead control={control} legend={silence === null ? heardLegend : silentLegend} />
        <IncompleteLine losses={view.losses} />
        {!showLink && (
          <Overview
            participants={own === undefined ? [] : [own]}
            rounds={view.rounds}
            control={control}
            ended={view.endedAt}
            label="whole run"
          />
        )}
        <SeatLanes
          view={view}
          own={own}
          control={control}
          link={link}
          selectedRound={round?.round ?? null}
          onOpen={openLane}
          onOpenLink={openLink}
        />
      </section>
      <Contributions
        view={view}
        own={own}
        silent={silence !== null}
        selected={place.round ?? view.rounds.at(-1)?.round ?? null}
        onOpen={openOwn}
      />
      {round !== undefined ? (
        <SeatDetail view={view} own={own} round={round} silent={silence !== null} onClose={closeRound} />
      ) : showLink ? (
        <LinkPanel view={view} silence={silence} onClose={() => setClosedAt(silence.heardAt)} />
      ) : (
        <SeatSide view={view} silent={unheardSince(link) !== null} />
      )}
    </main>
  );
}

/** Keeps its identity from one second to the next while nothing in it changes. */
function useSeatLink(view: RunView, now: number): SeatLink | null {
  const link = seatLink(view, now);
  const key = JSON.stringify(link);
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- the key says all that is in it
  return useMemo(() => link, [key]);
}

/** While the coordinator is silent its silence is what is looked at: from the round it fell into. */
function useSeatWindow(
  view: RunView,
  opened: RoundView | undefined,
  link: SeatLink | null,
  now: number,
): WindowControl {
  const control = useTimeWindow(view, opened);
  const last = view.rounds.at(-1);
  const silentFrom = link?.kind === 'silent' ? Math.min(last?.startedAt ?? link.heardAt, link.heardAt) : null;
  const wanted = silentFrom !== null && control.live && control.span === 'last3' ? silentWindow(silentFrom, now) : null;
  const key = wanted === null ? '' : `${wanted.fromAt} ${wanted.toAt}`;
  return useMemo(
    () => (wanted === null ? control : { ...control, window: wanted }),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the key says all that is in the window
    [control, key],
  );
}

const told: Swatch = ['told', 'as told by the coordinator'];
const heardLegend: readonly Swatch[] = [
  ['train'],
  ['send'],
  ['receive'],
  ['evaluate'],
  ['wait'],
  told,
  ['plan', 'expected'],
];
const silentLegend: readonly Swatch[] = [
  ['train'],
  ['send'],
  ['wait'],
  ['stalled', 'silent'],
  told,
  ['try'],
  ['unknown', 'not known'],
];

/** The round as a whole; there is no other participant's part to look at. */
function openOwn(round: number): void {
  openLane(round, null);
}
