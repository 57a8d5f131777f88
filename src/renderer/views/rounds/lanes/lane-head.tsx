import { formatCount } from '#shared/base/text/counted.ts';
import type { JSX } from 'react';
import { formatSeconds } from '#renderer/components/words/format.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { useNow } from '#renderer/session/hooks.ts';
import { stepsOf } from '#renderer/session/run/pace.ts';
import type { ParticipantView } from '#shared/run-view/run-view.ts';
import { NetworkTag } from './network-tag.tsx';

interface LaneHeadProps {
  readonly participant: ParticipantView;
  readonly own: boolean;
  readonly stalledSince: number | null;
  readonly ended: number | null;
}

/** Name, protocol, and in a word or two what the participant does right now. */
export function LaneHead({ participant, own, stalledSince, ended }: LaneHeadProps): JSX.Element {
  return (
    <>
      <div className="n">
        {participant.id}
        {own && <span className="tag">this node</span>}
        {participant.faults.length > 0 && (
          <span className="tag fault" title={participant.faults.join(', ')}>
            <Icon name="fault" as="small" />
            {own ? <span className="vh">injected</span> : 'injected'}
          </span>
        )}
        <NetworkTag participant={participant.id} />
      </div>
      <div className="m">
        <ProtocolMark protocol={participant.protocol} />
        <Doing participant={participant} stalledSince={stalledSince} ended={ended} />
      </div>
    </>
  );
}

interface DoingProps extends Omit<LaneHeadProps, 'own'> {
  /** In a line so low that the number which moves stands in the lane alone. */
  readonly brief?: boolean;
}

export function Doing({ participant, stalledSince, ended, brief = false }: DoingProps): JSX.Element {
  const now = useNow(1000);
  const at = ended ?? now;
  if (stalledSince !== null) {
    return (
      <span className="stl">
        <Icon name="stop" as="small" />
        stalled {formatSeconds(at - stalledSince)}
      </span>
    );
  }
  if (participant.left !== null) {
    return <span className={participant.left.clean ? '' : 'stl'}>{participant.left.clean ? 'left' : 'gone'}</span>;
  }
  if (ended !== null) return <span>{participant.counted} counted</span>;
  if (participant.exited !== null) return <span className="stl">gone</span>;
  if (participant.paused !== null)
    return (
      <span title={participant.paused.reason}>
        <Icon name="pause" as="small" /> <b>paused {formatSeconds(now - participant.paused.at)}</b>
      </span>
    );
  const { state, since } = participant.link;
  if (state !== 'ready' && participant.joinedAt > 0) {
    return (
      <span className="wrn">
        link {state} {formatSeconds(now - since)}
      </span>
    );
  }
  return brief ? <span className="w-lg">{participant.phase}</span> : <span>{doingWords(participant, now)}</span>;
}

/** What a participant does, with the number that moves. */
function doingWords(participant: ParticipantView, now: number): string {
  const { phase, progress, transfer } = participant;
  if (phase === 'train' && progress !== null) {
    const { done, total } = stepsOf(progress);
    return `batch ${formatCount(done)} / ${formatCount(total)}`;
  }
  if ((phase === 'send' || phase === 'receive') && transfer !== null && transfer.totalBytes > 0) {
    return `${phase} ${Math.round((transfer.sentBytes / transfer.totalBytes) * 100)} %`;
  }
  if (phase === 'wait') return `wait ${formatSeconds(now - participant.phaseSince)}`;
  return phase;
}
