import { expelledUpdateWords } from '#shared/contract/run/admission.ts';
import { limits } from '#shared/contract/limits.ts';
import { patch, type Handlers } from '../fold.ts';
import type { RunView } from '../run-view.ts';

/** Who is let in, who is not, and who is sent away. */
export const applyAdmission = {
  admission: (view, { data, at }) => {
    const { participant, key, address, state } = data;
    const rest = withoutAsking(view, participant, key);
    if (state !== 'waiting') return rest;
    const since = view.asking.find((one) => one.participant === participant && one.key === key)?.at ?? at;
    const asking = [...rest.asking, { participant, key, address, at: since }];
    return { ...rest, asking: asking.slice(-limits.admissionWaitingMax) };
  },
  participant_expelled: (view, { data, at }) => {
    const { participant, key, reason, round, update } = data;
    const rest = withoutAsking(view, participant, key);
    // Who came later under the name keeps it.
    const participants = patch(rest.participants, participant, (one) =>
      one.key !== key && one.key !== ''
        ? {}
        : {
            expelled: { at, reason },
            counted: update === 'dropped' && one.counted !== null ? Math.max(0, one.counted - 1) : one.counted,
          },
    );
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

/** Several may ask for one name. */
export function withoutAsking(view: RunView, participant: string, key: string): RunView {
  const asking = view.asking.filter((one) => one.participant !== participant || one.key !== key);
  return asking.length === view.asking.length ? view : { ...view, asking };
}
