import { protocolNames, type Protocol } from '#shared/contract/protocols.ts';
import { asSentence, evidence, listed, seconds, subjects, type Finding } from '../finding.ts';
import { elapsedMs, type EvidenceRef, type RunObservation } from '../observation.ts';
import { awaitsReturn, linkRules, type SharedCause } from './shared-cause.ts';

const brokerGoneMs = 1000;
const brokerBlockedMs = 2000;
const brokerLossesMin = 3;
const brokerLossesWindowMs = 30_000;

/** Its broker is away, takes nothing, or does not let everything pass. */
export function brokerCause(run: RunObservation): SharedCause | null {
  return brokerAway(run) ?? brokerObstacle(run);
}

export function brokerAway(run: RunObservation): SharedCause | null {
  const { broker } = run;
  if (broker === null) return null;
  const { address, protocol, reason, since, losses, state } = broker;
  const own = run.self !== null;
  const lately = losses.filter(({ at }) => run.now - at <= brokerLossesWindowMs);
  const about = { layer: 'transport', subject: subjects.broker } as const;
  const explains = ({ rule }: Finding): boolean => linkRules.has(rule) || rule === 'connection-per-message';
  const why = asSentence(reason === '' ? 'It gives no reason' : `The reason: ${reason}`);
  if (lately.length >= brokerLossesMin) {
    const finding: Finding = {
      ...about,
      rule: 'broker-drops',
      sentence: `The ${protocolNames[protocol]} broker at ${address} drops ${own ? 'your' : "the coordinator's"} connection again and again.`,
      explanation: `${lately.length} times in the last ${seconds(brokerLossesWindowMs)}. ${why} A broker does so when it is restarted, or when a message is larger than it takes.`,
      since: lately[0]?.at ?? since.at,
      evidence: evidence(...lately.slice(-6)),
    };
    return { finding, explains };
  }
  if (state === 'lost' && elapsedMs(run, since.at) >= brokerGoneMs)
    return {
      finding: {
        ...about,
        rule: 'broker-lost',
        sentence: `The ${protocolNames[protocol]} broker at ${address} is out of ${own ? '' : "the coordinator's "}reach.`,
        explanation: `${why} Everything between the coordinator and its participants goes through it; it is dialed again by itself.`,
        since: since.at,
        evidence: [since],
      },
      explains,
    };
  // An own link that is not back by then has another reason.
  if (!own && state === 'connected' && losses.length > 0 && awaitsReturn(run, since.at))
    return {
      finding: {
        ...about,
        rule: 'broker-lost',
        sentence: `The ${protocolNames[protocol]} broker at ${address} is back, and participants dial it again.`,
        explanation: 'Their pauses between two attempts have grown while it was away.',
        since: losses.at(-1)?.at ?? since.at,
        evidence: evidence(losses.at(-1), since),
        ages: true,
      },
      explains,
    };
  if (state !== 'blocked' || elapsedMs(run, since.at) < brokerBlockedMs) return null;
  return {
    finding: {
      ...about,
      rule: 'broker-blocked',
      sentence: asSentence(
        `The ${protocolNames[protocol]} broker at ${address} blocks publishers: ${reason || 'it gives no reason'}`,
      ),
      explanation:
        'It takes no messages, so nobody gets through to anybody. It goes on by itself once it has memory and disk again.',
      since: since.at,
      evidence: [since],
    },
    explains,
  };
}

/** What it does not let pass of somebody's, for whatever reason; who says so has found that out, or was told by the broker. */
function brokerObstacle(run: RunObservation): SharedCause | null {
  const held = [...run.participants.values()].flatMap(({ id, protocol, obstacle, left, exited }) =>
    obstacle === null || left !== null || exited !== null ? [] : [{ id, protocol, obstacle }],
  );
  const [first] = held;
  if (first === undefined) return null;
  const names = new Set(held.map(({ id }) => id));
  return {
    finding: obstacleFinding(first.protocol, [...names], held),
    explains: ({ rule, subject }) => names.has(subject) && (linkRules.has(rule) || rule === 'connection-per-message'),
  };
}

export function obstacleFinding(
  protocol: Protocol,
  names: readonly string[],
  held: readonly { readonly obstacle: EvidenceRef }[],
): Finding {
  const reasons = [...new Set(held.map(({ obstacle }) => obstacle.text))];
  return {
    rule: 'broker-obstacle',
    layer: 'transport',
    subject: subjects.broker,
    sentence: asSentence(
      `The ${protocolNames[protocol]} broker holds up what passes between the coordinator and ${listed(names)}: ${reasons[0] ?? ''}`,
    ),
    explanation: `${reasons
      .slice(1)
      .map((reason) => `${asSentence(capital(reason))} `)
      .join('')}It is tried again by itself, and goes on as soon as it passes.`,
    since: Math.min(...held.map(({ obstacle }) => obstacle.at)),
    evidence: evidence(...held.slice(0, 6).map(({ obstacle }) => obstacle)),
  };
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
