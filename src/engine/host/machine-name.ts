import { hostname } from 'node:os';
import { participantName } from '#shared/contract/participant-name.ts';

/** This machine's name as a participant may carry it: letters, digits, dot, dash and underscore, at most 40. */
export function machineName(host: string = hostname()): string {
  const name = host
    .replace(/[^a-z0-9_.-]/gi, '-')
    .replace(/^[^a-z0-9]+/i, '')
    .slice(0, 40);
  if (name === '') return 'participant';
  return participantName(name).ok ? name : `${name}-1`;
}
