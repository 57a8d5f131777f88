import type { JSX } from 'react';
import { IncompleteLine } from '#renderer/components/incomplete-line.tsx';
import { useRunView } from '#renderer/session/hooks.ts';
import { usePlace } from '#renderer/session/navigation.ts';
import { stalledParticipants } from '#renderer/session/run/verdicts.ts';
import { isParticipantSeat } from '#shared/run-view/seat.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { DetailPane } from './detail-pane.tsx';
import { LanesHead } from './lanes/lanes-head.tsx';
import type { Swatch } from './lanes/lanes-head.tsx';
import { denseFrom, LanesPanel } from './lanes/lanes-panel.tsx';
import { Overview } from './overview/overview.tsx';
import { RoundList } from './round-list.tsx';
import { useRoundCommands } from './round-commands.ts';
import { Sparks } from './overview/sparks.tsx';
import { closeRound, openLane, openRound } from './open-round.ts';
import { useTimeWindow } from './use-time-window.ts';
import { SeatRounds } from './seat/seat-rounds.tsx';
import './rounds.css';

export function RoundsView(): JSX.Element {
  const view = useRunView((whole) => whole);
  if (view === null) return <main />;
  return isParticipantSeat(view) ? <SeatRounds view={view} /> : <Rounds view={view} />;
}

function Rounds({ view }: { readonly view: RunView }): JSX.Element {
  const place = usePlace();
  const round = place.round === null ? undefined : view.rounds.find((one) => one.round === place.round);
  const control = useTimeWindow(view, round);
  const participant = view.participants.find((one) => one.id === place.participant) ?? null;
  const stalled = stalledParticipants(view);
  useRoundCommands(view, control, place);
  return (
    <main
      className={`rounds${round === undefined ? '' : ' opened'}${view.participants.length >= denseFrom ? ' many' : ''}`}
    >
      <section className="panel p-lanes" aria-label="Rounds over time">
        <LanesHead control={control} legend={legendOf(view)} />
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
          onOpen={openLane}
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
        <DetailPane view={view} round={round} participant={participant} stalled={stalled} onClose={closeRound} />
      )}
    </main>
  );
}

const always: readonly Swatch[] = [
  ['receive'],
  ['train'],
  ['send'],
  ['wait'],
  ['aggregate'],
  ['evaluate'],
  ['plan', 'expected'],
];

function legendOf({ verdicts, faults }: RunView): readonly Swatch[] {
  return [
    ...always,
    ...(verdicts.length > 0 ? [['stalled'] as const] : []),
    ...(faults.length > 0 ? [['fault', 'injected'] as const] : []),
  ];
}
