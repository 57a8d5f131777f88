import { participantIdSchema } from '#shared/contract/ids.ts';
import { invitationTextMax } from '#shared/contract/invitation.ts';

export interface JoinFields {
  readonly invitation: string;
  readonly data: string;
  readonly name: string;
}

/** What is wrong with the fields, each in one sentence that says how to mend it. The service judges the rest. */
export function checkJoin(fields: JoinFields): ReadonlyMap<keyof JoinFields, string> {
  const faults = new Map<keyof JoinFields, string>();
  const invitation = checkInvitation(fields.invitation.trim());
  if (invitation !== null) faults.set('invitation', invitation);
  if (fields.data.trim() === '') faults.set('data', 'Say which data to train on: digits, or the path of a folder.');
  if (!participantIdSchema.safeParse(fields.name.trim()).success) {
    faults.set(
      'name',
      'A name has 1 to 48 letters, digits, dots, dashes or underscores and begins with a letter or digit.',
    );
  }
  return faults;
}

function checkInvitation(text: string): string | null {
  if (text === '') return 'Paste the line that the coordinator shows.';
  if (text.length > invitationTextMax)
    return `That is ${text.length} characters; an invitation has at most ${invitationTextMax}.`;
  if (/\s/.test(text)) return 'There is a space or line break in it: an invitation is one line, copied whole.';
  if (!text.startsWith('roundscope://join?')) return 'An invitation begins with roundscope://join?';
  return text.length < 60 ? 'It ends too early; copy the whole line.' : null;
}
