/**
 * Topics of a run. A session has its own subtree under its participant, so that a broker's access rules can be written
 * by prefix and people see in any MQTT tool who speaks:
 *
 *     roundscope/<run>/coordinator/status                       retained: is somebody serving this run
 *     roundscope/<run>/<participant>/status                     retained; last will of the participant
 *     roundscope/<run>/<participant>/<session>/open             asks for a session
 *     roundscope/<run>/<participant>/<session>/up|down/session  accept, refuse, credit, close
 *     roundscope/<run>/<participant>/<session>/up|down/control
 *     roundscope/<run>/<participant>/<session>/up|down/bulk/<id>
 */
export const topicRoot = 'roundscope';
export const coordinatorName = 'coordinator';

export type Direction = 'up' | 'down';

export interface SessionTopics {
  readonly base: string;
  readonly open: string;
  readonly status: string;
}

export function sessionTopics(run: string, participant: string, session: string): SessionTopics {
  const base = `${topicRoot}/${run}/${participant}/${session}`;
  return { base, open: `${base}/open`, status: statusTopic(run, participant) };
}

export function statusTopic(run: string, who: string): string {
  return `${topicRoot}/${run}/${who}/status`;
}

export interface ParsedTopic {
  readonly participant: string;
  /** Empty for a status topic. */
  readonly session: string;
  /** `status`, `open`, `session`, `control`, `bulk/<id>`. */
  readonly what: string;
  readonly direction: Direction | null;
}

/** Whether anything is said on that part of a topic below `up/` or `down/`; an id is percent-encoded and has no `/`. */
export function isSpoken(what: string): boolean {
  return what === 'session' || what === 'control' || /^bulk\/[^/]{1,200}$/.test(what);
}

/** Takes a topic of `run` apart; null when it is none of ours. */
export function parseTopic(run: string, topic: string): ParsedTopic | null {
  const parts = topic.split('/');
  if (parts[0] !== topicRoot || parts[1] !== run) return null;
  const [, , participant = '', session = '', third = ''] = parts;
  if (participant === '' || session === '') return null;
  if (parts.length === 4)
    return session === 'status' ? { participant, session: '', what: 'status', direction: null } : null;
  if (third === 'open' && parts.length === 5) return { participant, session, what: 'open', direction: null };
  if ((third === 'up' || third === 'down') && parts.length >= 6) {
    return { participant, session, what: parts.slice(5).join('/'), direction: third };
  }
  return null;
}
