import { counted, formatCount } from '#shared/base/text/counted.ts';
import { invitationTextMax } from '#shared/contract/app/invitation.ts';
import { participantName } from '#shared/contract/run/participant-name.ts';
import type { ErrorReport } from '#shared/base/errors.ts';

export type JoinField = 'invitation' | 'data' | 'name';

export interface JoinFields {
  readonly invitation: string;
  readonly data: string;
  readonly name: string;
}

/**
 * The invitation in a text that was pasted or dropped: a mail, a chat, a line that a terminal has wrapped. The whole text
 * where none is found, so that what is wrong with it can be said.
 */
export function invitationIn(text: string): string {
  const trimmed = text.trim();
  const begins = trimmed.search(/roundscope:\/\/join\?/i);
  if (begins < 0) return trimmed;
  const from = trimmed.slice(begins);
  // Lines that hold nothing but characters of an invitation are the rest of a wrapped one.
  const [first = '', ...rest] = from.split(/\r?\n/);
  const parts = [first.split(/[\s"'<>`]/, 1)[0] ?? ''];
  for (const line of first.trim() === parts[0] ? rest : []) {
    if (!/^[\w.-]{8,}$/.test(line.trim())) break;
    parts.push(line.trim());
  }
  return parts.join('');
}

/** What is wrong with the fields themselves, each in one sentence that says how to fix it. The service checks the rest. */
export function checkJoin(fields: JoinFields): ReadonlyMap<JoinField, string> {
  const faults = new Map<JoinField, string>();
  const invitation = checkInvitation(invitationIn(fields.invitation));
  if (invitation !== null) faults.set('invitation', invitation);
  if (fields.data.trim() === '')
    faults.set('data', 'Choose your data: a folder of pictures, one folder in it for each class, or a file.');
  const name = participantName(fields.name.trim());
  if (!name.ok) faults.set('name', `${name.error.charAt(0).toUpperCase()}${name.error.slice(1)}.`);
  return faults;
}

function checkInvitation(text: string): string | null {
  if (text === '') return 'Paste the line that the coordinator sent you.';
  if (text.length > invitationTextMax)
    return `That is ${counted(text.length, 'character')}; an invitation has at most ${formatCount(invitationTextMax)}.`;
  if (!/^roundscope:\/\/join\?/i.test(text)) return 'An invitation begins with roundscope://join?';
  return text.length < 60 ? 'The invitation ends too early; copy the whole line.' : null;
}

const nameCodes: ReadonlySet<ErrorReport['code']> = new Set(['participant_name_taken', 'key_has_name', 'key_mismatch']);

/** The field under which a failure of joining belongs. */
export function fieldOf(error: Pick<ErrorReport, 'code' | 'layer'>): JoinField {
  if (error.layer === 'data' || error.layer === 'trainer' || error.code.startsWith('data_')) return 'data';
  if (nameCodes.has(error.code) || error.code === 'settings_invalid') return 'name';
  return 'invitation';
}
