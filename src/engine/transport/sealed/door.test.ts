import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createIdentity } from '#engine/identity/identity.ts';
import { limits } from '#shared/contract/limits.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';
import { Asking } from './asking.ts';
import { Door } from './door.ts';
import type { Answer } from './handshake.ts';

const token = 'the-token-of-this-run';
const coordinator = createIdentity();
const about = { protocol: 'mqtt', run: 'r-1' } as const;

/** Somebody who asks at a door, with the invitation's token or another. */
class Crowd {
  readonly clock = new VirtualClock();
  readonly door = new Door({ ...about, token, identity: coordinator, clock: this.clock });
  granted = 0;
  /** With their answer, where they got one. */
  readonly refused: string[] = [];
  readonly answers: Answer[] = [];
  #asked = 0;

  ask(known = token, participant = `p-${this.#asked % 50}`): Asking {
    const who = { participant, session: (this.#asked++).toString(16).padStart(32, '0') };
    const claim = { ...about, ...who };
    const asking = new Asking({
      claim,
      token: known,
      coordinator: coordinator.peerId,
      where: 'here',
      clock: this.clock,
    });
    this.door.ask(who, asking.request, {
      granted: ({ answer }) => {
        this.granted++;
        asking.hear(answer);
      },
      refused: (reason) => this.refused.push(reason),
      answered: (answer) => {
        this.answers.push(answer);
        asking.hear(answer);
      },
    });
    return asking;
  }
}

describe('a crowd that asks for sessions', () => {
  test('without the invitation is refused, and answered at a rate that a coordinator can bear', async () => {
    const crowd = new Crowd();
    for (let i = 0; i < 1000; i++) crowd.ask('guessed');
    assert.equal(crowd.refused.length, 1000, 'each is counted');
    assert.equal(crowd.answers.length, limits.signedRefusalsBurstMax);
    await crowd.clock.advance(1000);
    for (let i = 0; i < 1000; i++) crowd.ask('guessed');
    assert.equal(crowd.answers.length, limits.signedRefusalsBurstMax + limits.signedRefusalsPerSecondMax);
    assert.equal(crowd.granted, 0);
  });

  test('from one source leaves another the words of its refusal', async () => {
    const crowd = new Crowd();
    for (let i = 0; i < 1000; i++) crowd.ask('guessed', 'mallory');
    let told = '';
    crowd.ask('of an older run', 'node-1').granted.catch((error: unknown) => void (told = String(error)));
    for (let i = 0; i < 1000; i++) crowd.ask('guessed', 'mallory');
    await crowd.clock.advance(200);
    assert.match(told, /no proof/);
    assert.ok(crowd.answers.length <= limits.signedRefusalsBurstMax + 3, `${crowd.answers.length} answers`);
  });

  test('from any number of sources keeps few of them waiting', async () => {
    const crowd = new Crowd();
    for (let i = 0; i < 1000; i++) crowd.ask('guessed', `mallory-${i}`);
    await crowd.clock.advance(60_000);
    assert.equal(crowd.answers.length, limits.signedRefusalsBurstMax + limits.refusalsWaitingMax);
    assert.equal(crowd.clock.pendingTimers, 0);
  });

  test('takes no place of who has it: served at once, in the same turn', async () => {
    const crowd = new Crowd();
    for (let i = 0; i < 1000; i++) crowd.ask('guessed');
    const asking = crowd.ask();
    assert.equal(crowd.granted, 1);
    await asking.granted;
  });

  test('with the invitation is served a few in each turn, and refused without a word beyond what may wait', async () => {
    const crowd = new Crowd();
    const { sessionsGrantedPerTurnMax: perTurn, sessionRequestsWaitingMax: waiting } = limits;
    const asked = perTurn + waiting + 10;
    for (let i = 0; i < asked; i++) crowd.ask();
    assert.equal(crowd.granted, perTurn);
    assert.equal(crowd.refused.length, 10);
    assert.equal(crowd.answers.length, 0, 'who means well asks again');
    for (let turn = 2; crowd.clock.pendingTimers > 0; turn++) {
      const before = crowd.granted;
      await crowd.clock.advance(1);
      assert.ok(crowd.granted - before <= perTurn, `turn ${turn} granted ${crowd.granted - before}`);
    }
    assert.equal(crowd.granted, perTurn + waiting);
  });

  test('gets nothing once the door is closed', async () => {
    const crowd = new Crowd();
    for (let i = 0; i < 10; i++) crowd.ask();
    crowd.door[Symbol.dispose]();
    await crowd.clock.advance(100);
    assert.equal(crowd.granted, limits.sessionsGrantedPerTurnMax);
  });
});
