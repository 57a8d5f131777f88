import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seatViewAt, startAt, stillView } from '#test/support/kits/seat-view.ts';
import { carrierOf } from '#shared/contract/protocols.ts';
import type { RecordedEvent } from '#shared/contract/events.ts';
import { applyEvents } from '#shared/run-view/apply/apply-event.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import {
  carriersOf,
  nextCarrier,
  resumeUntil,
  seatLink,
  toldParticipants,
  unheardSince,
  unsentRound,
} from './seat-link.ts';

/** Round 13 of the recorded stories begins a little before this, and its silence 25 s later, ms. */
const round13 = seatViewAt('gone', 600_000).rounds.at(-1)!.startedAt - startAt;
const heard = round13 + 25_000;

const linkAt = (story: Parameters<typeof seatViewAt>[0], at: number) => seatLink(seatViewAt(story, at), startAt + at);

describe("a participant's link to its coordinator", () => {
  test('before anything was heard it is joining, over what is dialed', () => {
    const link = linkAt('joining', 3000);
    assert.equal(link?.kind, 'joining');
    assert.equal(link.attempt?.address, '10.0.4.18:4433');
    assert.equal(seatViewAt('joining', 3000).participants[0]?.protocol, 'quic');
  });

  test('while it is heard that is all there is to say', () => {
    assert.equal(linkAt('live', round13 + 20_000)?.kind, 'heard');
  });

  test('silence is seen within 5 s, though the session is still called open', () => {
    const early = heard + 4500;
    const view = seatViewAt('gone', early);
    assert.equal(view.participants.find(({ id }) => id === 'lab-2')?.link.state, 'degraded');
    const link = seatLink(view, startAt + early);
    assert.equal(link?.kind, 'silent');
    assert.ok(Math.abs(link.heardAt - startAt - heard) <= 1000);
  });

  test('a process that was asleep itself has no word on the coordinator', () => {
    const view = seatViewAt('live', round13 + 20_000);
    assert.equal(seatLink(view, startAt + round13 + 80_000)?.kind, 'heard');
  });

  test('an own process that is started again has not lost its link to anybody; it has 3 s to open another', () => {
    const view = seatViewAt('live', round13 + 20_000);
    const at = startAt + round13 + 20_000;
    const seenAt = (lastProcessAt: number, state: 'connecting' | 'ready') => {
      const participants = view.participants.map((one) => ({
        ...one,
        restarted: { at: at + 1000, note: 'ended by SIGKILL', backAt: at + 2000 },
        lastProcessAt,
        link: { ...one.link, state, since: at + 2000 },
      }));
      return seatLink({ ...view, participants }, lastProcessAt);
    };
    assert.deepEqual(seenAt(at + 2000, 'connecting'), {
      kind: 'restarting',
      at: at + 1000,
      note: 'ended by SIGKILL',
    });
    assert.equal(seenAt(at + 4999, 'connecting')?.kind, 'restarting');
    assert.equal(seenAt(at + 5000, 'connecting')?.kind, 'silent');
    assert.equal(seenAt(at + 2100, 'ready')?.kind, 'heard');
  });

  test('tries since the last sign of life, the next one and the end of trying', () => {
    const link = linkAt('gone', heard + 30_000);
    assert.equal(link?.kind, 'silent');
    assert.deepEqual(
      link.attempts.map(({ number, result }) => [number, result]),
      [1, 2, 3, 4, 5].map((number) => [number, number === 5 ? 'trying' : 'no_answer']),
    );
    const between = linkAt('gone', heard + 33_000);
    assert.equal(between?.kind === 'silent' && between.nextAt - startAt, heard + 38_000);
    assert.equal(between?.kind === 'silent' && between.givesUpAt - startAt, heard + 600_000);
  });

  test('when it is back that is said for a while, with how long it was away', () => {
    const back = linkAt('back', heard + 16_000);
    assert.equal(back?.kind, 'back');
    assert.equal(Math.round(back.silentMs / 100), 141);
    assert.equal(linkAt('back', heard + 26_000)?.kind, 'heard');
  });

  test('the silence goes on while a new session is opened, until that is ready', () => {
    const view = seatViewAt('gone', heard + 30_000);
    const at = startAt + heard + 31_000;
    const opening = view.participants.map((one) => ({
      ...one,
      link: { ...one.link, state: 'resuming' as const, since: at },
    }));
    assert.equal(seatLink({ ...view, participants: opening }, at)?.kind, 'silent');
  });

  test('for how long it was away is not told again with each word on the way that it took', () => {
    const view = seatViewAt('back', heard + 16_000);
    const own = view.participants.find(({ id }) => id === view.self)!;
    const said = {
      participant: own.id,
      side: 'participant',
      state: 'ready',
      reason: 'resumed',
      fallback: 'UDP blocked',
    };
    const { protocol, stack, link } = own;
    const more = { ...said, protocol, stack, connections: link.connections, reconnects: link.reconnects };
    const at = startAt + heard + 24_000;
    const event = { id: 99_999, at, run: view.run, source: own.id, type: 'link_state', data: more } as RecordedEvent;
    const later = applyEvents(view, [event])!;
    assert.equal(later.participants.find(({ id }) => id === own.id)?.link.fallback, 'UDP blocked');
    const before = seatLink(view, startAt + heard + 16_000);
    assert.deepEqual(seatLink(later, at), before);
    assert.equal(seatLink(later, at + 2000)?.kind, 'heard');
  });

  test('an own process that stands still hears nothing, and what it told before is as old as that', () => {
    const at = round13 + 20_000;
    const still = stillView('live', at, 6000);
    const [verdict] = still.verdicts;
    assert.ok(verdict !== undefined);
    assert.deepEqual(seatLink(still, startAt + at), { kind: 'still', at: startAt + at - 6000 });
    assert.equal(unheardSince(seatLink(still, startAt + at)), startAt + at - 6000);
    assert.equal(seatLink({ ...still, verdicts: [{ ...verdict, subject: 'lab-9' }] }, startAt + at)?.kind, 'heard');
    const over = { ...verdict, clearedAt: startAt + at };
    assert.equal(seatLink({ ...still, verdicts: [over] }, startAt + at)?.kind, 'heard');
  });

  test('a session that takes the place of another on purpose is neither a silence nor a return', () => {
    const at = heard + 16_000;
    const view = seatViewAt('back', at);
    const changed = (state: 'resuming' | 'ready'): RunView => ({
      ...view,
      participants: view.participants.map((one) => ({
        ...one,
        statsAt: startAt + at,
        link: {
          ...one.link,
          state,
          since: startAt + at,
          heardAt: startAt + at - 900,
          returned: null,
          attempts: one.link.attempts.map((attempt) => ({ ...attempt, lastHeardAt: startAt + at - 900 })),
        },
      })),
    });
    assert.equal(view.participants.find(({ id }) => id === view.self)?.link.attempts.at(-1)?.result, 'connected');
    assert.equal(seatLink(changed('resuming'), startAt + at)?.kind, 'heard');
    assert.equal(seatLink(changed('ready'), startAt + at)?.kind, 'heard');
  });

  test('its own process died: no silence of the coordinator, until another is heard', () => {
    const died = round13 + 13_500;
    assert.deepEqual(linkAt('restarting', died), {
      kind: 'restarting',
      at: startAt + round13 + 13_000,
      note: 'ended by SIGKILL',
    });
    assert.equal(linkAt('killed', died), null, 'given up, the run is over for this node');
  });

  test('a link that is closed while the coordinator is there is no silence', () => {
    const closedAt = round13 + 13_105;
    assert.equal(seatViewAt('left', closedAt).endedAt, null);
    assert.equal(linkAt('left', closedAt)?.kind, 'closing');
    const gone = seatViewAt('gone', heard + 30_000);
    const given = gone.participants.map((one) => ({
      ...one,
      link: { ...one.link, state: 'closed' as const, since: startAt + heard + 30_000 },
    }));
    const link = seatLink({ ...gone, participants: given }, startAt + heard + 30_000);
    assert.equal(link?.kind, 'silent', 'one that was given up after a silence still is');
  });

  test('from any other chair, and after the end, there is no such link', () => {
    const view = seatViewAt('gone', heard + 30_000);
    const elsewhere: RunView = { ...view, chair: 'coordinator' };
    assert.equal(seatLink(elsewhere, startAt), null);
    assert.equal(seatLink({ ...view, endedAt: startAt }, startAt), null);
  });

  test('ways are called by what carries them, in the order of the tries', () => {
    assert.equal(carrierOf('quinn'), 'UDP');
    assert.equal(carrierOf('webtransport-h2'), 'TCP');
    assert.equal(carrierOf('amqplib'), 'TCP');
    assert.equal(carrierOf('cyclonedds'), 'UDP');
    const link = linkAt('gone', heard + 33_000);
    assert.ok(link?.kind === 'silent');
    assert.equal(carriersOf(link.attempts), 'UDP and TCP');
    assert.equal(nextCarrier(link.attempts), 'TCP');
    assert.equal(nextCarrier(link.attempts.slice(0, 1)), 'UDP', 'what never took turns goes on as it is');
    assert.equal(nextCarrier([]), null);
  });

  test('what would be lost by leaving is the update that is computed and not acknowledged', () => {
    assert.equal(unsentRound(seatViewAt('live', round13 + 20_000)), null);
    assert.equal(unsentRound(seatViewAt('gone', heard + 30_000)), 13);
  });

  test('the others are those whom the coordinator named', () => {
    assert.deepEqual(toldParticipants(seatViewAt('live', round13 + 5000)), ['lab-1', 'lab-3', 'lab-4']);
  });

  test('a pause that ends counts until the deadline, less what is left to do', () => {
    const view = seatViewAt('paused', round13 + 20_000);
    const own = view.participants.find(({ id }) => id === 'lab-2')!;
    const until = resumeUntil(view, own)!;
    const { deadlineAt } = view.rounds.at(-1)!;
    // 43 of 84 batches at 26 s a round, and the sending.
    assert.ok(deadlineAt - until > 15_000 && deadlineAt - until < 19_000, `${deadlineAt - until} ms`);
    const told = { ...view, wait: { ...view.wait!, waitingFor: [] } };
    assert.equal(resumeUntil(told, own), null, 'nobody waits for it');
  });
});
