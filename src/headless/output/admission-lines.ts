import { keyWords } from '#shared/base/text/key-words.ts';
import { expelledUpdateWords } from '#shared/contract/run/admission.ts';
import type { EventData } from '#shared/contract/events.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { isParticipantSeat } from '#shared/run-view/seat.ts';

/** Who waits to be let in, from both ends. */
export function admissionLine(
  { participant, key, address, state, reason }: EventData<'admission'>,
  view: RunView,
): string | null {
  const own = isParticipantSeat(view);
  switch (state) {
    case 'waiting':
      return own
        ? `waiting for the coordinator to let you in: tell it your name, ${participant}, and the words of your key, ${keyWords(key)}`
        : `${participant} asks to be let in: key ${keyWords(key)}, from ${address}. Type: admit ${participant}, always ${participant} or refuse ${participant}`;
    case 'admitted':
      return own ? 'the coordinator has let you in' : `${participant} is let in (key ${keyWords(key)})`;
    case 'refused':
      // That it was refused is a line of its own.
      return null;
    case 'gone':
      return `${participant} does not wait to be let in any more: ${reason}`;
  }
}

export function expelledLine({
  participant,
  key,
  reason,
  round,
  update,
  nameStays,
}: EventData<'participant_expelled'>): string {
  const why = reason === '' ? '' : `: ${reason}`;
  const outcome = expelledUpdateWords(update, round);
  if (nameStays === true)
    return `who had the name ${participant} before was sent away for the rest of the run${why} (key ${keyWords(key)})${outcome === '' ? '' : `; ${outcome}`}. ${participant} is another one by now, and stays`;
  return `${participant} was sent away for the rest of the run${why} (key ${keyWords(key)})${outcome === '' ? '' : `; ${outcome}`}. Who has the invitation can come again with another key and name: renew it to prevent that`;
}
