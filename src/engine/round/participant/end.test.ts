import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { base, ParticipantKit } from '#test/support/kits/participant-kit.ts';

describe('the end of a run at a participant', () => {
  const ends: Record<string, { readonly act: (kit: ParticipantKit) => void; readonly status: string }> = {
    training_complete: {
      act: (kit) =>
        kit.hear('training_complete', 3, {
          status: 'completed',
          reason: 'done',
          roundsCompleted: 3,
          loss: 1,
          accuracy: 0.9,
        }),
      status: 'completed',
    },
    'a refusal for good': {
      act: (kit) => kit.hear('error', 0, { code: 'participant_name_taken', reason: 'taken' }),
      status: 'failed',
    },
    goodbye: { act: (kit) => kit.hear('goodbye', 0, { code: 'clean', reason: '' }), status: 'interrupted' },
    'a closed link': { act: (kit) => kit.feed({ kind: 'link_closed', reason: 'no answer' }), status: 'failed' },
    'a stop': { act: (kit) => kit.feed({ kind: 'stop', reason: 'by hand' }), status: 'interrupted' },
  };
  for (const [what, { act, status }] of Object.entries(ends)) {
    test(`${what} ends it as ${status} and ends its work`, () => {
      const kit = new ParticipantKit().configured();
      kit.model(1, base);
      kit.train(1);
      act(kit);
      assert.deepEqual(
        kit.of('end').map(({ outcome }) => outcome.status),
        [status],
      );
      assert.equal(kit.of('abort_work').length, 1);
      assert.equal(kit.phases.at(-1), 'idle 1');
      act(kit);
      assert.equal(kit.of('end').length, 1);
    });
  }
});
