import { meansKey } from '#shared/base/text/key-words.ts';
import { parseUntil } from '#shared/base/time/until.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { participantName } from '#shared/contract/run/participant-name.ts';
import type { ParticipantId } from '#shared/contract/ids.ts';

/** What somebody types who coordinates a run in a terminal. */
export type AdmissionCommand =
  | { readonly kind: 'admit' | 'always' | 'refuse'; readonly name: ParticipantId; readonly key?: string }
  | { readonly kind: 'expel'; readonly name: ParticipantId; readonly key?: string; readonly reason: string }
  | { readonly kind: 'invite'; readonly name: ParticipantId; readonly until?: number }
  | { readonly kind: 'renew' | 'who' | 'help' };

export const admissionHelp = [
  'admit NAME [KEY]      let in who waits, for this run',
  'always NAME [KEY]     the same, and in later runs of this machine without a question',
  'refuse NAME [KEY]     do not let in who waits',
  'expel NAME [REASON]   send somebody away for the rest of the run, also who has just left',
  'invite NAME [UNTIL]   an invitation for one: 3d, 12h, 2026-12-24',
  'renew                 a new invitation; older ones let nobody new in',
  'who                   who is here and who waits',
].join('\n');

/** Reads one line; null: an empty one. */
export function parseCommand(line: string, nowMs: number): Result<AdmissionCommand, string> | null {
  const [word = '', named, ...rest] = line.trim().split(/\s+/);
  if (word === '') return null;
  switch (word) {
    case 'renew':
    case 'who':
    case 'help':
      return ok({ kind: word });
    case 'admit':
    case 'always':
    case 'refuse':
    case 'expel':
    case 'invite': {
      const name = participantName(named ?? '');
      if (!name.ok) return err(`${word} takes a name: ${name.error}.`);
      const [first = ''] = rest;
      const key = meansKey(first) ? { key: first } : {};
      const reason = (meansKey(first) ? rest.slice(1) : rest).join(' ').slice(0, 400);
      if (word === 'expel') return ok({ kind: word, name: name.value, ...key, reason });
      if (word !== 'invite') return ok({ kind: word, name: name.value, ...key });
      const last = rest[0] === '--until' ? rest.slice(1) : rest;
      if (last.length === 0) return ok({ kind: word, name: name.value });
      const until = parseUntil(last.join(' '), nowMs);
      return until.ok ? ok({ kind: word, name: name.value, until: until.value }) : err(`${until.error}.`);
    }
    default:
      return err(`"${word.slice(0, 40)}" is nothing that can be said here. Type help for what can be.`);
  }
}
