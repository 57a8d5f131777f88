import { createHmac } from 'node:crypto';
import { participantIdSchema } from '#shared/contract/ids.ts';
import { sameText } from '#engine/transport/shared/same-text.ts';

/**
 * Proof of the invitation's token, which itself never travels. `instance` is drawn once per transport object: the
 * embedded broker lets a participant's name be used by one instance at a time, so that who also has the token cannot
 * speak for a participant that is connected.
 */
export interface Credentials {
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
}

export interface Claim {
  readonly run: string;
  readonly participant: string;
  readonly session: string;
  readonly instance: string;
}

export function participantCredentials(token: string, claim: Claim): Credentials {
  return {
    clientId: `${claim.participant}:${claim.session}`,
    username: claim.participant,
    password: `${claim.instance}.${proof(token, claim)}`,
  };
}

/** Session and instance: 16 random bytes. Anything else could mean more to a broker, `+` for instance. */
const drawn = /^[0-9a-f]{32}$/;

/** The claim that a client id, user name and password make and prove; null when they do not, or what they name is no name. */
export function checkCredentials(token: string, run: string, offered: Credentials): Claim | null {
  const [participant = '', session = '', extra] = offered.clientId.split(':');
  const [instance = '', mac = '', more] = offered.password.split('.');
  if (extra !== undefined || more !== undefined || !drawn.test(session) || !drawn.test(instance)) return null;
  if (!participantIdSchema.safeParse(participant).success) return null;
  if (participant !== offered.username) return null;
  const claim = { run, participant, session, instance };
  return sameText(mac, proof(token, claim)) ? claim : null;
}

function proof(token: string, claim: Claim): string {
  const text = ['connect', claim.run, claim.participant, claim.session, claim.instance].join('\n');
  return createHmac('sha256', token).update(text).digest('hex');
}
