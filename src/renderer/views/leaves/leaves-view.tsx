import { useState } from 'react';
import type { JSX } from 'react';
import { counted } from '#shared/base/text/counted.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { isParticipantSeat } from '#shared/run-view/seat.ts';
import { IncompleteLine } from '#renderer/components/incomplete-line.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { useRunView } from '#renderer/session/hooks.ts';
import { useSent } from '#renderer/session/run/sent.ts';
import type { Sent } from '#renderer/session/run/sent.ts';
import { Approvals } from './approvals.tsx';
import { SentDetail } from './sent-detail.tsx';
import { SentList } from './sent-list.tsx';
import { SentTable } from './sent-table.tsx';
import './leaves.css';

/** What this machine has really sent in the run, counted from its packets, against the one list of what it may send. */
export function LeavesView(): JSX.Element {
  const view = useRunView((whole) => whole);
  if (view === null) return <main />;
  const own = isParticipantSeat(view) ? view.self : null;
  return own === null ? <NotHere view={view} /> : <Leaves view={view} own={own} />;
}

function NotHere({ view }: { readonly view: RunView }): JSX.Element {
  return (
    <main className="leaves">
      <section className="panel" aria-label="What leaves this machine">
        <div className="ph">
          <h2>What leaves this machine</h2>
        </div>
        <p className="lv-none t2">
          {view.chair === 'coordinator'
            ? 'This machine coordinates the run: participants send to it. Each of them sees here what its own machine sends.'
            : 'All parts of this run are on one machine. In a run of others, this page counts what this machine sends to its coordinator.'}
        </p>
      </section>
    </main>
  );
}

function Leaves({ view, own }: { readonly view: RunView; readonly own: string }): JSX.Element {
  const sent = useSent(view.run, own);
  const [chosen, setChosen] = useState<string | null>(null);
  const kind = sent.tally.kinds.find((one) => one.kind === chosen) ?? null;
  return (
    <main className={kind === null ? 'leaves' : 'leaves open'}>
      <section className="panel lv-tab" aria-label="What leaves this machine">
        <div className="ph">
          <h2>What leaves this machine</h2>
          <span className="sub">counted from what was sent, not from what was meant</span>
          <div className="end">
            <Verdict sent={sent} lost={view.recorder?.droppedPackets ?? 0} />
          </div>
        </div>
        <IncompleteLine losses={view.losses} />
        {sent.error !== null && (
          <div className="lv-in">
            <ErrorCard error={sent.error} />
          </div>
        )}
        <SentTable tally={sent.tally} complete={sent.complete} chosen={chosen} onChoose={setChosen} />
      </section>
      <section className="panel lv-list" aria-label="The list of what may be sent">
        <SentList tally={sent.tally} />
      </section>
      <section className="panel lv-app" aria-label="Approvals">
        <Approvals own={own} run={view.run} />
      </section>
      {kind !== null && <SentDetail view={view} kind={kind} onClose={() => setChosen(null)} />}
    </main>
  );
}

function Verdict({
  sent: { tally, complete, error },
  lost,
}: {
  readonly sent: Sent;
  /** Packets of this run that are in no recording, of whichever direction. */
  readonly lost: number;
}): JSX.Element {
  const unlisted = tally.kinds.reduce((sum, one) => sum + one.unlisted.length, 0);
  if (unlisted > 0)
    return (
      <span className="tag stall">
        <Icon name="warn" /> {counted(unlisted, 'field')} not on the list
      </span>
    );
  if (error !== null) return <span className="tag warn">not all is known</span>;
  if (!complete) return <span className="t3">counting…</span>;
  if (tally.unread > 0)
    return (
      <span className="tag warn">
        {counted(tally.unread, 'frame')} {tally.unread === 1 ? 'was' : 'were'} not kept whole
      </span>
    );
  if (lost > 0) return <span className="tag warn">{counted(lost, 'packet')} of the run could not be recorded</span>;
  return (
    <span className="tag ok">
      <Icon name="check" /> all of it is on the list
    </span>
  );
}
