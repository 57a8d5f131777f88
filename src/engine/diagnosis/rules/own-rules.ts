import { isOpen } from '#shared/contract/events.ts';
import { protocolNames } from '#shared/contract/protocols.ts';
import { waitsToBeLetIn } from './admission-rules.ts';
import { brokerAway, obstacleFinding } from './broker-causes.ts';
import { evidence, lasting, subjects, type Finding } from '../finding.ts';
import { elapsedMs, quietMs, type ParticipantObservation, type RunObservation } from '../observation.ts';
import { linkFlapping, processFrozen, trainerFrozen, transferStuck, type Rule } from './participant-rules.ts';

/**
 * From a participant's chair there is one link and one trainer: the own ones. Who else is waited for, and why, is the
 * coordinator's to know.
 */
export const ownRules: readonly Rule[] = [
  processFrozen,
  brokerOfLink,
  brokerObstacle,
  linkFlapping,
  coordinatorSilent,
  (_own, run) => waitsToBeLetIn(run),
  (own, run, standing) => asOwn(trainerFrozen(own, run, standing)),
  transferStuck,
];

/** The broker as this end's own connection knows it; that one cannot be reached holds up only a link that goes through it. */
function brokerOfLink({ protocol }: ParticipantObservation, run: RunObservation): Finding | null {
  if (run.broker?.state === 'lost' && run.broker.protocol !== protocol) return null;
  return brokerAway(run)?.finding ?? null;
}

function brokerObstacle({ obstacle, protocol }: ParticipantObservation): Finding | null {
  return obstacle === null ? null : obstacleFinding(protocol, ['you'], [{ obstacle }]);
}

/** A heartbeat comes once a second; four that did not come are silence. */
const silentMs = 4000;
/** A link that dropped is open again within about a second. */
const downMs = 3000;
/** A coordinator that was never reached gets the time of a slow first connection. */
const firstMs = 5000;

function coordinatorSilent(own: ParticipantObservation, run: RunObservation): Finding | null {
  const { lastHeard, linkDown, linkState, connections, trained, phase } = own;
  const { dial } = run;
  if (linkState === 'closed') return null;
  if (connections === 0) {
    if (dial === null || dial.attempts === 0 || elapsedMs(run, dial.since.at) < firstMs) return null;
  } else {
    // Silence that ends the session goes on: whichever is longer counts.
    const silent = lastHeard !== null && quietMs(run, own, lastHeard.at) >= silentMs;
    const down = !isOpen(linkState) && linkDown !== null && quietMs(run, own, linkDown.at) >= downMs;
    if (!silent && !down) return null;
  }
  const heardAt = Math.max(lastHeard?.at ?? 0, dial?.last.lastHeardAt ?? 0);
  const heard = heardAt === 0 ? 'never heard' : `last heard ${lasting(run.now - heardAt)} ago`;
  const kept =
    trained !== null || phase === 'send' ? 'Your update is kept.' : phase === 'train' ? 'Your training goes on.' : '';
  const since = heardAt !== 0 ? heardAt : (dial?.since.at ?? run.now);
  return {
    rule: 'coordinator-silent',
    layer: 'link',
    subject: subjects.coordinator,
    sentence: `The coordinator does not answer: ${heard}${tried(run)}.${kept === '' ? '' : ` ${kept}`}`,
    explanation: `${isOpen(linkState) ? `The ${protocolNames[own.protocol]} connection has not been closed, and nothing comes over it` : 'The link is down'}. ${reasonOf(own, run)}It may have been closed, its machine may sleep, or the network between may be down.`,
    since,
    evidence: evidence(lastHeard, linkDown, dial?.told),
    next: nextOf(run),
    ages: true,
  };
}

function tried({ dial }: RunObservation): string {
  if (dial === null || dial.attempts === 0) return '';
  const times = dial.attempts <= 2 ? (dial.attempts === 1 ? 'once' : 'twice') : `${dial.attempts} times`;
  return `, tried ${times} over ${[...dial.ways].toSorted().toReversed().join(' and ')}`;
}

function reasonOf(own: ParticipantObservation, { dial }: RunObservation): string {
  const reason = dial?.last.reason ?? '';
  const words = reason !== '' ? reason : isOpen(own.linkState) ? '' : own.linkReason;
  return words === '' || words === 'dialing' ? '' : `The last attempt ended with: ${words}. `;
}

function nextOf({ dial, now }: RunObservation): Finding['next'] {
  if (dial === null) return { action: 'dials again by itself', at: 0 };
  const { givesUpAt, nextAt, result } = dial.last;
  const ends = givesUpAt === 0 ? '' : `; gives up in ${lasting(Math.max(0, givesUpAt - now))}`;
  return result === 'trying'
    ? { action: `an attempt is under way${ends}`, at: 0 }
    : { action: `dials again${ends}`, at: nextAt };
}

/** "You" is plainer than one's own name. */
function asOwn(finding: Finding | null): Finding | null {
  if (finding === null || finding.rule !== 'trainer-frozen') return finding;
  return {
    ...finding,
    sentence: 'Your training has stopped: no gradient step is made, and the link is well.',
  };
}
