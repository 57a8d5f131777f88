import { memo, useRef, useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { useNow } from '#renderer/session/hooks.ts';
import type { FaultView, ParticipantView, RunView } from '#shared/run-view/run-view.ts';
import { LaneBody, openStall, useHalts } from './lane.tsx';
import { Doing } from './lane-head.tsx';
import { groupOf } from './lane-layout.ts';
import type { LaneGroup, Stall } from './lane-layout.ts';
import type { TimeWindow } from '../time-window.ts';

interface DenseLanesProps {
  readonly view: RunView;
  readonly window: TimeWindow;
  readonly stalls: ReadonlyMap<string, readonly Stall[]>;
  readonly faults: ReadonlyMap<string, readonly FaultView[]>;
  readonly selectedRound: number | null;
  readonly selectedParticipant: string | null;
  readonly onOpen: (round: number, participant: string | null) => void;
}

const groups: readonly LaneGroup[] = ['stalled', 'late', 'working', 'in'];
const groupWords: Readonly<Record<LaneGroup, readonly [string, string]>> = {
  stalled: ['stalled', 'a verdict names them'],
  late: ['late', 'after the usual last update'],
  working: ['on time, not in yet', ''],
  in: ['in, waiting', ''],
};

/** Many participants: one line each, those that hold up the round on top. The order rests while somebody points at it. */
export function DenseLanes(props: DenseLanesProps): JSX.Element {
  const { view, window, stalls, faults, selectedRound, selectedParticipant, onOpen } = props;
  const now = useNow(1000);
  const [held, setHeld] = useState(false);
  const order = useGroups(view, stalls, held, now);
  const byId = new Map(view.participants.map((participant) => [participant.id, participant]));
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- holds the order, does nothing
    <div
      className="dense"
      role="rowgroup"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {order.map(({ group, ids }) => (
        <Group key={group} group={group} count={ids.length}>
          {ids.map((id, i) => {
            const participant = byId.get(id);
            return participant === undefined ? null : (
              <DenseRow
                key={id}
                participant={participant}
                alt={i % 2 === 1}
                window={window}
                stalls={stalls.get(id) ?? noStalls}
                faults={faults.get(id) ?? noFaults}
                ended={view.endedAt}
                selectedRound={id === selectedParticipant ? selectedRound : null}
                onOpen={onOpen}
              />
            );
          })}
        </Group>
      ))}
    </div>
  );
}

const noStalls: readonly Stall[] = [];
const noFaults: readonly FaultView[] = [];

interface Grouped {
  readonly group: LaneGroup;
  readonly ids: readonly string[];
}

/** By seconds and verdicts: a row that jumps at every packet cannot be read. */
function useGroups(
  view: RunView,
  stalls: ReadonlyMap<string, readonly Stall[]>,
  held: boolean,
  now: number,
): readonly Grouped[] {
  const last = useRef<{ readonly order: readonly Grouped[]; readonly view: RunView; readonly now: number } | null>(
    null,
  );
  const before = last.current;
  if (before !== null && before.view.participants.length === view.participants.length) {
    // A verdict moves its lane at once, whoever points where.
    const sameVerdicts = before.view.verdicts === view.verdicts;
    if (sameVerdicts && (held || before.now === now)) return before.order;
  }
  const order = grouped(view, stalls, now);
  last.current = { order, view, now };
  return order;
}

function grouped(view: RunView, stalls: ReadonlyMap<string, readonly Stall[]>, now: number): readonly Grouped[] {
  const placed = view.participants.map((one) => {
    const stalled = openStall(stalls.get(one.id) ?? noStalls, view.endedAt) !== null;
    return { id: one.id, group: groupOf(view, one, stalled, now) };
  });
  return groups
    .map((group) => ({ group, ids: placed.filter((one) => one.group === group).map((one) => one.id) }))
    .filter(({ ids }) => ids.length > 0);
}

function Group({
  group,
  count,
  children,
}: {
  readonly group: LaneGroup;
  readonly count: number;
  readonly children: ReactNode;
}): JSX.Element {
  const [name, detail] = groupWords[group];
  return (
    <>
      <div className="ghead" role="row">
        <span role="rowheader" className={group === 'stalled' ? 'stl' : ''}>
          {count} {name}
        </span>
        {detail !== '' && <span role="gridcell">{detail}</span>}
      </div>
      {children}
    </>
  );
}

interface DenseRowProps {
  readonly participant: ParticipantView;
  readonly alt: boolean;
  readonly window: TimeWindow;
  readonly stalls: readonly Stall[];
  readonly faults: readonly FaultView[];
  readonly ended: number | null;
  readonly selectedRound: number | null;
  readonly onOpen: (round: number, participant: string) => void;
}

const DenseRow = memo(function DenseRow(props: DenseRowProps): JSX.Element {
  const { participant, alt, stalls, ended } = props;
  const halts = useHalts(participant, stalls, ended);
  const stalledSince = openStall(stalls, ended);
  return (
    <div
      role="row"
      className={`drow${alt ? ' alt' : ''}${stalledSince === null ? '' : ' bad'}`}
      data-lane={participant.id}
    >
      <div role="rowheader" className="lh">
        <span className="n">{participant.id}</span>
        <ProtocolMark protocol={participant.protocol} />
        <span className="st">
          <Doing participant={participant} stalledSince={stalledSince} ended={ended} brief />
        </span>
      </div>
      <LaneBody {...props} stalls={halts.stalls} own={false} round={undefined} evaluationAt={null} bad="" />
    </div>
  );
});
