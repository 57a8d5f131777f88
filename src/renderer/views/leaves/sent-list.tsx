import { useMemo } from 'react';
import type { JSX } from 'react';
import { alsoSeen, whatLeaves } from '#shared/contract/app/what-leaves.ts';
import type { SentTally } from '#shared/run-view/sent-tally.ts';

/** The list that a participant is shown before it joins, with what of it has been sent by now. */
export function SentList({ tally }: { readonly tally: SentTally }): JSX.Element {
  const sent = useMemo(() => {
    const fields = new Set(tally.kinds.flatMap((one) => one.fields));
    return whatLeaves.map((leaving) => ({ ...leaving, sent: leaving.fields.some((field) => fields.has(field)) }));
  }, [tally]);
  return (
    <>
      <div className="ph">
        <h2>The list</h2>
        <span className="sub">
          of what may leave: {sent.filter((one) => one.sent).length} of {sent.length} were sent
        </span>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key */}
      <div className="scroll lv-in" tabIndex={0} role="region" aria-label="The list, with what was sent of it">
        <dl className="lv-l">
          {sent.map((one) => (
            <div key={one.what}>
              <dt>
                {one.what}
                <span className="t3 micro">{one.note}</span>
              </dt>
              <dd className={one.sent ? 'okc' : 't3'}>{one.sent ? 'sent' : 'not sent'}</dd>
            </div>
          ))}
        </dl>
        <p className="t2 lv-also">Seen on the way without being sent, and not counted here</p>
        {alsoSeen.map(({ what, note }) => (
          <p className="t3 micro" key={what}>
            <span className="t2">{what}.</span> {note}
          </p>
        ))}
      </div>
    </>
  );
}
