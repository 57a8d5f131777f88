import type { PacketRow } from '#shared/contract/packet.ts';
import { quoteValue } from '#shared/filter/filter-lexer.ts';

/** A way to follow a packet: the filter that shows everything that belongs to it. */
export interface FollowChoice {
  readonly id: 'contribution' | 'message' | 'stream' | 'round' | 'connection';
  readonly label: string;
  readonly filter: string;
}

/** What can be followed from a packet, widest last; what it does not have is left out. */
export function followChoices(row: PacketRow): readonly FollowChoice[] {
  const is = (field: string, value: string | number): string =>
    `${field} == ${typeof value === 'number' ? value : quoteValue(value)}`;
  const choices: FollowChoice[] = [];
  // An answer belongs to what it answers: the update and its acknowledgement are one contribution.
  const subject = row.replyTo !== '' && isAnswer(row.kind) ? row.replyTo : row.messageId;
  if (subject !== '') {
    const isUpdate = row.kind === 'model_update' || row.kind === 'update_ack';
    choices.push({
      id: 'contribution',
      label: isUpdate ? 'Contribution' : 'Exchange',
      filter: `${is('message', subject)} || ${is('reply_to', subject)}`,
    });
  }
  if (row.messageId !== '') choices.push({ id: 'message', label: 'Message', filter: is('message', row.messageId) });
  if (row.stream !== '') {
    choices.push({
      id: 'stream',
      label: 'Stream',
      filter: `${is('participant', row.participant)} && ${is('connection', row.connection)} && ${is('stream', row.stream)}`,
    });
  }
  choices.push({ id: 'round', label: 'Round', filter: is('round', row.round) });
  choices.push({
    id: 'connection',
    label: 'Connection',
    filter: `${is('participant', row.participant)} && ${is('protocol', row.protocol)} && ${is('connection', row.connection)}`,
  });
  return choices;
}

function isAnswer(kind: string): boolean {
  return kind === 'update_ack' || kind === 'ack' || kind === 'welcome' || kind === 'error';
}
