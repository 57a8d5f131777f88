import type { JSX } from 'react';
import { NotTold } from '#renderer/components/not-told.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { useNow } from '#renderer/session/hooks.ts';
import { timing } from '#shared/contract/limits.ts';
import type { ParticipantView, RunView } from '#shared/run-view/run-view.ts';
import { isTold } from '#shared/run-view/seat.ts';

/** The three clocks of each participant: how long ago its link, its process and its work gave a sign of life. */
export function ClockTable({ view }: { readonly view: RunView }): JSX.Element {
  const now = useNow(1000);
  const at = view.endedAt ?? now;
  const told = view.participants.filter(({ id }) => isTold(view, id));
  return (
    <>
      <div className="ph">
        <h2>Clocks</h2>
        <span className="sub">last sign of life{view.endedAt === null ? '' : ' when the run ended'}</span>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key */}
      <div className="scroll" tabIndex={0} role="region" aria-label="Clocks by participant">
        <table>
          <thead>
            <tr>
              <th>Participant</th>
              <th>Link</th>
              <th>Process</th>
              <th>Progress</th>
            </tr>
          </thead>
          <tbody>
            {view.participants
              .filter(({ id }) => !isTold(view, id))
              .map((participant) => (
                <tr key={participant.id}>
                  <td>
                    <b>{participant.id}</b>
                  </td>
                  <Clock at={participant.lastLinkAt} now={at} limitMs={timing.peerSilentMs} />
                  <Clock at={participant.lastProcessAt} now={at} limitMs={timing.peerSilentMs} />
                  <Clock
                    at={participant.lastProgressAt}
                    now={at}
                    limitMs={isDue(view, participant) ? timing.peerSilentMs * 2 : null}
                  />
                </tr>
              ))}
            {told.length > 0 && (
              <tr>
                <td>
                  <b>{told.length === 1 ? told[0]?.id : `${told.length} others`}</b>
                </td>
                <td colSpan={3}>
                  <NotTold />
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** Progress is owed while the run waits for somebody; who waits for the others owes none. */
function isDue(view: RunView, participant: ParticipantView): boolean {
  return view.wait?.waitingFor.some((id) => id === participant.id) ?? false;
}

function Clock({
  at,
  now,
  limitMs,
}: {
  readonly at: number;
  readonly now: number;
  readonly limitMs: number | null;
}): JSX.Element {
  if (at === 0) return <td className="t3">not yet</td>;
  const silentMs = Math.max(0, now - at);
  // Tenths tell nothing of a long silence, and take room.
  const words = `${(silentMs / 1000).toFixed(silentMs < 10_000 ? 1 : 0)} s ago`;
  if (limitMs === null) return <td className="t3">{words}, not due</td>;
  if (silentMs <= limitMs) return <td>{words}</td>;
  return (
    <td>
      <span className="stl">
        <Icon name="stop" as="small" />
        {words}
      </span>
    </td>
  );
}
