import type { JSX } from 'react';
import { countedOf } from '#renderer/components/words/contribution-facts.ts';
import { NotTold } from '#renderer/components/not-told.tsx';
import { plural } from '#shared/base/text/counted.ts';
import type { ParticipantView, RunView } from '#shared/run-view/run-view.ts';
import { DetailFrame } from './detail-frame.tsx';
import { roundWords } from './participant-facts.ts';

/** Another participant, from a participant's own chair. */
export function ToldDetail({
  view,
  participant,
  onClose,
}: {
  readonly view: RunView;
  readonly participant: ParticipantView;
  readonly onClose: () => void;
}): JSX.Element {
  const counted = countedOf(view, participant);
  const asked = view.rounds.filter(({ selected }) => selected.includes(participant.id));
  const [first, last] = [asked[0]?.round, asked.at(-1)?.round];
  return (
    <DetailFrame
      participant={participant.id}
      head={<span className="t3">as told by the coordinator</span>}
      onClose={onClose}
    >
      <div className="sec">
        <h3>Rounds</h3>
        <dl className="kvl">
          <dt>Counted</dt>
          <dd>
            {counted === null
              ? 'no round that it was asked for has ended since this node joined'
              : `in ${counted.counted} of the ${counted.of} ${plural(counted.of, 'round')} that this node saw end`}
          </dd>
          <dt>{view.round > 0 ? `Round ${view.round}` : 'Round'}</dt>
          <dd>{view.rounds.length === 0 ? 'none has begun' : roundWords(view, participant.id).words}</dd>
          <dt>Asked</dt>
          <dd>
            {first === undefined
              ? 'in no round that this node saw'
              : first === last
                ? `in round ${first}`
                : `in ${asked.length} rounds from ${first} to ${last}`}
          </dd>
        </dl>
      </div>
      <div className="sec">
        <NotTold what="Key, address, data, link and the time that it needs" />
      </div>
    </DetailFrame>
  );
}
