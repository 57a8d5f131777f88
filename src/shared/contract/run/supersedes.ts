import { payloadKinds, type Outgoing } from '../messages.ts';

type Said = Pick<Outgoing, 'kind' | 'round' | 'body'>;

/**
 * Whether nobody needs the bytes of `older` any more once `newer` is there to be sent: models and updates of rounds that are
 * over, and the model that a round began with once the one that came of it is to be checked.
 */
export function supersedes(newer: Said, older: Said): boolean {
  if (newer.kind !== older.kind || !payloadKinds.has(newer.kind)) return false;
  if (newer.round !== older.round) return newer.round > older.round;
  return purposeOf(newer) === 'evaluate' && purposeOf(older) === 'train';
}

function purposeOf(said: Said): 'train' | 'evaluate' | null {
  return said.kind === 'global_model' ? (said.body as { readonly purpose: 'train' | 'evaluate' }).purpose : null;
}
