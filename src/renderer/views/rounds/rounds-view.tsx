import { useCallback, useMemo } from 'react';
import type { JSX } from 'react';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { useRunView } from '#renderer/session/hooks.ts';
import { navigate, usePlace } from '#renderer/session/navigation.ts';
import { stalledParticipants } from '#renderer/session/verdicts.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { DetailPane, packetFilter } from './detail-pane.tsx';
import { denseFrom, LanesPanel } from './lanes-panel.tsx';
import { Overview } from './overview.tsx';
import { RoundList } from './round-list.tsx';
import { Sparks } from './sparks.tsx';
import type { Span } from './time-window.ts';
import { useTimeWindow } from './use-time-window.ts';
import type { WindowControl } from './use-time-window.ts';
import './rounds.css';

export function RoundsView(): JSX.Element {
  const view = useRunView((whole) => whole);
  return view === null ? <main /> : <Rounds view={view} />;
}

function Rounds({ view }: { readonly view: RunView }): JSX.Element {
  const place = usePlace();
  const control = useTimeWindow(view);
  const round = place.round === null ? undefined : view.rounds.find((one) => one.round === place.round);
  const participant = view.participants.find((one) => one.id === place.participant) ?? null;
  const stalled = stalledParticipants(view);
  const open = useCallback((number: number, id: string | null) => navigate({ round: number, participant: id }), []);
  const openRound = useCallback((number: number) => navigate({ round: number }), []);
  const close = useCallback(() => navigate({ round: null, participant: null }), []);
  useRoundCommands(view, control, place.round, place.participant);
  return (
    <main
      className={`rounds${round === undefined ? '' : ' opened'}${view.participants.length >= denseFrom ? ' many' : ''}`}
    >
      <section className="panel p-lanes" aria-label="Rounds over time">
        <LanesHead control={control} stalled={stalled.size > 0} />
        <Overview participants={view.participants} rounds={view.rounds} control={control} ended={view.endedAt} />
        <LanesPanel
          view={view}
          control={control}
          selectedRound={round?.round ?? null}
          selectedParticipant={participant?.id ?? null}
          onOpen={open}
        />
      </section>
      <RoundList
        view={view}
        selected={place.round ?? view.rounds.at(-1)?.round ?? null}
        stalled={stalled.size > 0}
        onOpen={openRound}
      />
      {round === undefined ? (
        <Sparks view={view} />
      ) : (
        <DetailPane view={view} round={round} participant={participant} stalled={stalled} onClose={close} />
      )}
    </main>
  );
}

const spanNames: readonly (readonly [Span, string])[] = [
  ['round', 'Round'],
  ['last3', 'Last 3'],
  ['run', 'Run'],
];

function LanesHead({ control, stalled }: { readonly control: WindowControl; readonly stalled: boolean }): JSX.Element {
  const phases = ['receive', 'train', 'send'] as const;
  return (
    <div className="ph">
      <h2>Rounds</h2>
      <div className="legend" aria-hidden="true">
        {phases.map((phase) => (
          <span key={phase}>
            <i className={`sw ${phase}`} />
            {phase}
          </span>
        ))}
        <span>
          <i className="sw wait" />
          wait
        </span>
        <span>
          <i className="sw aggregate" />
          aggregate
        </span>
        <span>
          <i className="sw evaluate" />
          evaluate
        </span>
        <span className="w-lg">
          <i className="sw plan" />
          expected
        </span>
        {stalled && (
          <span>
            <i className="sw stalled" />
            stalled
          </span>
        )}
      </div>
      <div className="end">
        <span className="seg-ctl" role="group" aria-label="Time span">
          {spanNames.map(([span, name]) => (
            <button
              type="button"
              key={span}
              aria-pressed={control.live && control.span === span}
              onClick={() => control.follow(span)}
            >
              {name}
            </button>
          ))}
        </span>
        <button
          type="button"
          className="btn"
          aria-pressed={control.live}
          title="Follow the run (F)"
          onClick={() => control.follow()}
        >
          Live{' '}
          <span className="key" aria-hidden="true">
            F
          </span>
        </button>
      </div>
    </div>
  );
}

const section = 'Rounds';

function useRoundCommands(
  view: RunView,
  control: WindowControl,
  round: number | null,
  participant: string | null,
): void {
  const { follow, zoomBy, panBy } = control;
  const newest = view.rounds.at(-1)?.round ?? 0;
  const oldest = view.rounds[0]?.round ?? 0;
  const stepTo = useCallback(
    (step: number) =>
      navigate({ round: Math.min(newest, Math.max(oldest, (round ?? newest + (step < 0 ? 1 : 0)) + step)) }),
    [round, newest, oldest],
  );
  const commands = useMemo((): Command[] => {
    const openPackets = (): void => navigate({ view: 'packets', filter: packetFilter(round ?? newest, participant) });
    return [
      {
        id: 'follow',
        section,
        group: 'do',
        title: 'Live: follow the run',
        icon: 'rounds',
        key: 'f',
        run: () => follow(),
      },
      // The list has the newest on top, so down goes back in time.
      { id: 'next-round', section, group: 'go', title: 'Round before', key: 'j', hidden: true, run: () => stepTo(-1) },
      { id: 'round-before', section, group: 'go', title: 'Round after', key: 'k', hidden: true, run: () => stepTo(1) },
      {
        id: 'open-round',
        section,
        group: 'go',
        title: 'Open the round',
        key: 'Enter',
        hidden: true,
        run: () => stepTo(0),
      },
      {
        id: 'close-round',
        section,
        group: 'do',
        title: 'Close the round',
        key: 'Escape',
        hidden: true,
        run: () => navigate({ round: null, participant: null }),
      },
      {
        id: 'its-packets',
        section,
        group: 'go',
        title: `Packets of round ${round ?? newest}`,
        icon: 'packets',
        key: 'p',
        run: openPackets,
      },
      {
        id: 'zoom-in',
        section,
        group: 'do',
        title: 'Zoom in',
        key: '+',
        hidden: true,
        run: () => zoomBy(1 / 1.5, 0.5),
      },
      { id: 'zoom-out', section, group: 'do', title: 'Zoom out', key: '-', hidden: true, run: () => zoomBy(1.5, 0.5) },
      { id: 'earlier', section, group: 'do', title: 'Earlier', key: ',', hidden: true, run: () => panBy(-0.25) },
      { id: 'later', section, group: 'do', title: 'Later', key: '.', hidden: true, run: () => panBy(0.25) },
    ];
  }, [follow, stepTo, zoomBy, panBy, round, newest, participant]);
  useCommands(commands);
}
