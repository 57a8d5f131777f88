import { useCallback } from 'react';
import type { JSX } from 'react';
import { IncompleteLine } from '#renderer/components/incomplete-line.tsx';
import { useRunView } from '#renderer/session/hooks.ts';
import { navigate, usePlace } from '#renderer/session/navigation.ts';
import { stalledParticipants } from '#renderer/session/verdicts.ts';
import { isParticipantSeat } from '#shared/run-view/seat.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { DetailPane } from './detail-pane.tsx';
import { LanesControls } from './lanes-controls.tsx';
import { denseFrom, LanesPanel } from './lanes-panel.tsx';
import { Overview } from './overview.tsx';
import { RoundList } from './round-list.tsx';
import { useRoundCommands } from './round-commands.ts';
import { Sparks } from './sparks.tsx';
import { useTimeWindow } from './use-time-window.ts';
import type { WindowControl } from './use-time-window.ts';
import { SeatRounds } from './seat/seat-rounds.tsx';
import './rounds.css';

export function RoundsView(): JSX.Element {
  const view = useRunView((whole) => whole);
  if (view === null) return <main />;
  return isParticipantSeat(view) ? <SeatRounds view={view} /> : <Rounds view={view} />;
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
  useRoundCommands(view, control, place);
  return (
    <main
      className={`rounds${round === undefined ? '' : ' opened'}${view.participants.length >= denseFrom ? ' many' : ''}`}
    >
      <section className="panel p-lanes" aria-label="Rounds over time">
        <LanesHead control={control} stalled={view.verdicts.length > 0} faults={view.faults.length > 0} />
        <IncompleteLine losses={view.losses} />
        <Overview
          participants={view.participants}
          rounds={view.rounds}
          control={control}
          ended={view.endedAt}
          verdicts={view.verdicts}
          faults={view.faults}
        />
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

function LanesHead({
  control,
  stalled,
  faults,
}: {
  readonly control: WindowControl;
  readonly stalled: boolean;
  readonly faults: boolean;
}): JSX.Element {
  const phases = ['receive', 'train', 'send'] as const;
  return (
    <div className="ph">
      <h2>Rounds</h2>
      <div className="legend" aria-hidden="true" data-drops="">
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
        <span>
          <i className="sw plan" />
          expected
        </span>
        {stalled && (
          <span>
            <i className="sw stalled" />
            stalled
          </span>
        )}
        {faults && (
          <span>
            <i className="sw fault" />
            injected
          </span>
        )}
      </div>
      <LanesControls control={control} />
    </div>
  );
}
