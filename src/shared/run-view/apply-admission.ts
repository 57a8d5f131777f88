import { expelledUpdateWords } from '../contract/admission.ts';
import { limits } from '../contract/limits.ts';
import { patch, type Handlers } from './fold.ts';
import type { RunView } from './run-view.ts';

/** Who is let in, who is not, and who is sent away. */
export const applyAdmission = {
  admission: (view, { data, at }) => {
    const { participant, key, address, state } = data;
    const rest = withoutAsking(view, participant);
    if (state !== 'waiting') return rest;
    const since = view.asking.find((one) => one.participant === participant && one.key === key)?.at ?? at;
    const asking = [...rest.asking, { participant, key, address, at: since }];
    return { ...rest, asking: asking.slice(-limits.admissionWaitingMax) };
  },
  participant_expelled: (view, { data, at }) => {
    const { participant, reason, round, update } = data;
    const rest = withoutAsking(view, participant);
    const participants = patch(rest.participants, participant, (one) => ({
      expelled: { at, reason },
      counted: update === 'dropped' && one.counted !== null ? Math.max(0, one.counted - 1) : one.counted,
    }));
    if (update !== 'dropped') return { ...rest, participants };
    const why = `sent away by the coordinator: ${expelledUpdateWords(update, round)}`;
    const rounds = rest.rounds.map((one) =>
      one.round !== round
        ? one
        : {
            ...one,
            updates: one.updates.map((told) =>
              told.participant === participant && told.counted ? { ...told, counted: false, reason: why } : told,
            ),
          },
    );
    return { ...rest, participants, rounds };
  },
  invitation_renewed: (view, { data }) => ({ ...view, invitationsRenewed: data.generation }),
} satisfies Handlers;

export function withoutAsking(view: RunView, participant: string): RunView {
  if (view.asking.every((one) => one.participant !== participant)) return view;
  return { ...view, asking: view.asking.filter((one) => one.participant !== participant) };
}
