import type { JSX } from 'react';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import { PlanList } from '#renderer/components/forms/plan-list.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { chosenTransports, hostOf, quorumOf, weightRuleOf } from '../check-coordinate.ts';
import type { Coordinate } from '../use-coordinate.ts';

/** The plan as each participant will read it before it joins. */
export function AskedPanel({ coordinate }: { readonly coordinate: Coordinate }): JSX.Element {
  const { draft, own, preview, network } = coordinate;
  const isImported = draft.model.trim() !== '';
  const transports = chosenTransports(draft, own);
  return (
    <>
      <div className="ph">
        <h2>What each will be asked</h2>
        <span className="sub">before it joins</span>
      </div>
      {/* It may be longer than the window, and holds nothing else to focus. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="scroll" tabIndex={0} role="group" aria-label="The plan">
        <div className="in">
          <PlanList
            plan={{
              name: draft.name.trim() === '' ? 'no name yet' : draft.name.trim(),
              shape: network?.shape ?? (isImported ? 'as the network takes them' : (preview?.shape ?? null)),
              classes: preview?.classes.map(({ name }) => name) ?? [],
              rounds: draft.rounds,
              deadlineMs: draft.deadlineS * 1000,
              participants: draft.participants,
              quorum: quorumOf(draft),
              localEpochs: draft.localEpochs,
              weightRule: weightRuleOf(draft),
              training: 'batch, optimizer and rate as suits the network',
              parameters: network?.parameters ?? null,
              network: isImported ? 'its coordinator’s own, checked on each machine before it trains' : null,
            }}
          >
            <dt>Coordinator</dt>
            <dd className="data">{shownWithin(hostOf(draft, own)) || <span className="t3">no address yet</span>}</dd>
            <dt>Transports</dt>
            <dd className="marks">
              {transports.length === 0 ? (
                <span className="t3">none chosen</span>
              ) : (
                transports.map((protocol) => <ProtocolMark key={protocol} protocol={protocol} />)
              )}
            </dd>
          </PlanList>
          <dl className="kvl plan">
            <dt>Sent back</dt>
            <dd>update, loss, accuracy, counts of examples and classes, progress, name and key</dd>
            <dt>Never</dt>
            <dd>pictures, labels, file names</dd>
            <dt>Each gets</dt>
            <dd>the final model</dd>
          </dl>
        </div>
      </div>
    </>
  );
}
