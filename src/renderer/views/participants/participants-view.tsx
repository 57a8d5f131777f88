import { useEffect, useMemo, useRef, useState } from 'react';
import type { JSX, RefObject } from 'react';
import { isHere } from '#shared/run-view/apply/apply-process.ts';
import type { ParticipantView, RunView } from '#shared/run-view/run-view.ts';
import { isParticipantSeat, isTold } from '#shared/run-view/seat.ts';
import { useMedia } from '#renderer/components/hooks/use-media.ts';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { useNow } from '#renderer/session/hooks.ts';
import { navigate, usePlace } from '#renderer/session/navigation.ts';
import { openVerdicts } from '#renderer/session/run/verdicts.ts';
import { useSlowView } from '#renderer/session/run/use-slow-view.ts';
import { Contributions } from './contributions.tsx';
import { ParticipantDetail, showPackets } from './participant-detail.tsx';
import { clocksOf, isWaitedFor } from './participant-facts.ts';
import { ToldDetail } from './told-detail.tsx';
import { ParticipantTable } from './participant-table.tsx';
import { UpdateSparks } from './update-sparks.tsx';
import './participants.css';
import './told.css';

/** Ages are shown in tenths of a second; twice a second they tick without flicker. */
const tickMs = 500;
/** Progress moves four times a second; the table is too large to be drawn again for each batch of events. */
const apartMs = 250;

export function ParticipantsView(): JSX.Element {
  const view = useSlowView(apartMs);
  return view === null ? <main aria-busy="true" /> : <Participants view={view} />;
}

function Participants({ view }: { readonly view: RunView }): JSX.Element {
  const place = usePlace();
  const now = useNow(tickMs);
  const [lateFirst, setLateFirst] = useState(false);
  const [closed, setClosed] = useState(false);
  const [cross, setCross] = useState<number | null>(null);
  const wide = useMedia('(min-width: 1200px)');
  const stalled = useStalled(view);
  // With room for it, the pane is open from the start: on who stalls, on this node, or on the first.
  const first = wide && !closed ? (stalled ?? view.self ?? view.participants[0]?.id ?? null) : null;
  const selected = view.participants.find((participant) => participant.id === (place.participant ?? first)) ?? null;
  const table = useInSight(selected?.id ?? stalled);
  const seat = isParticipantSeat(view);
  const order = seat ? ownFirst(view) : lateFirst ? byLateness(view, now) : view.participants;
  const open = (id: string | null): void => {
    setClosed(id === null);
    navigate({ participant: id });
  };
  useParticipantCommands(order, selected, open);
  const here = view.participants.filter(isHere).length;
  return (
    <main className={`v-part${selected === null ? '' : ' open'}`}>
      <section className="panel p-tab" aria-label="Participants">
        <div className="ph">
          <h2>Participants</h2>
          <span className="sub">
            {seat
              ? `${view.participants.length} known here by name · who is in the run, and who counts`
              : `${here} of ${view.participants.length} here · who is in the run, and who counts`}
          </span>
          {!seat && (
            <div className="end">
              <span className="seg-ctl w-lg" role="group" aria-label="Order">
                <button type="button" aria-pressed={!lateFirst} onClick={() => setLateFirst(false)}>
                  By name
                </button>
                <button type="button" aria-pressed={lateFirst} onClick={() => setLateFirst(true)}>
                  Late first
                </button>
              </span>
            </div>
          )}
        </div>
        <div ref={table} className="scroll" tabIndex={0} role="region" aria-label="Table of participants">
          <ParticipantTable view={view} order={order} selected={selected?.id ?? null} now={now} onOpen={open} />
          {view.participants.length === 0 ? (
            <p className="p-none">
              Nobody has registered yet. Participants appear here with their keys as they come in.
            </p>
          ) : null}
        </div>
      </section>
      <Contributions
        view={view}
        order={order}
        selected={selected?.id ?? null}
        onRound={(round) => navigate({ view: 'rounds', round })}
      />
      <UpdateSparks view={view} selected={selected?.id ?? null} cross={cross} onCross={setCross} />
      {selected === null ? null : isTold(view, selected.id) ? (
        <ToldDetail view={view} participant={selected} onClose={() => open(null)} />
      ) : (
        <ParticipantDetail view={view} participant={selected} now={now} onClose={() => open(null)} />
      )}
    </main>
  );
}

/** Whom a verdict names: the newest, also after it has cleared, so that the pane does not turn away while it is read. */
function useStalled(view: RunView): string | null {
  const last = useRef<string | null>(null);
  const open = openVerdicts(view).findLast(({ subject }) => view.participants.some(({ id }) => id === subject));
  last.current = open?.subject ?? last.current;
  return last.current;
}

/** Brings the row of a participant into the part of the table that is seen, when it becomes another. */
function useInSight(participant: string | null): RefObject<HTMLDivElement | null> {
  const table = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (participant === null) return;
    const row = table.current?.querySelector(`tr[data-participant="${CSS.escape(participant)}"]`);
    row?.scrollIntoView({ block: 'nearest' });
  }, [participant]);
  return table;
}

/** Of the others there is no lateness to be told. */
function ownFirst(view: RunView): readonly ParticipantView[] {
  return view.participants.toSorted((a, b) => Number(b.id === view.self) - Number(a.id === view.self));
}

/** Those that are waited for come first, the longest without progress on top. */
function byLateness(view: RunView, now: number): readonly ParticipantView[] {
  const lateness = (participant: ParticipantView): number => {
    const { progress } = clocksOf(view, participant, now);
    return (isWaitedFor(view, participant.id) ? 1e9 : 0) + (progress.state === 'idle' ? 0 : progress.ms);
  };
  return view.participants.toSorted((a, b) => lateness(b) - lateness(a));
}

function useParticipantCommands(
  order: readonly ParticipantView[],
  selected: ParticipantView | null,
  open: (id: string | null) => void,
): void {
  const ids = order.map((participant) => participant.id).join('\n');
  const id = selected?.id ?? null;
  const commands = useMemo<readonly Command[]>(() => {
    const list = ids === '' ? [] : ids.split('\n');
    const step = (by: number) => (): void => {
      const next = list[Math.min(list.length - 1, Math.max(0, (id === null ? -1 : list.indexOf(id)) + by))];
      if (next !== undefined) open(next);
    };
    const section = 'Participants';
    const disabled = id === null ? { disabled: 'no participant is open' } : {};
    return [
      {
        id: 'participants.next',
        group: 'do',
        title: 'Next participant',
        key: 'j',
        hidden: true,
        section,
        run: step(1),
      },
      {
        id: 'participants.previous',
        group: 'do',
        title: 'Previous participant',
        key: 'k',
        hidden: true,
        section,
        run: step(-1),
      },
      {
        id: 'participants.packets',
        group: 'filter',
        title: id === null ? 'Its packets' : `Packets of ${id}`,
        icon: 'packets',
        key: 'p',
        section,
        ...disabled,
        run: () => (id === null ? undefined : showPackets(id)),
      },
      {
        id: 'participants.close',
        group: 'do',
        title: 'Close the participant',
        key: 'Escape',
        hidden: true,
        section,
        ...disabled,
        run: () => open(null),
      },
    ];
    // `open` only navigates; a new one each time changes nothing.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [ids, id]);
  useCommands(commands);
}
