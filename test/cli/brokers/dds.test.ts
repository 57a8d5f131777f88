import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { missingLibrary } from '#test/support/brokers/cyclone.ts';
import { assertComplaint, assertFlawless, roundscope, type Exit } from '../command-line.ts';

const nowhere = { env: { ROUNDSCOPE_LIBDDSC: '/nowhere/libddsc.so' } };

function demo(...args: readonly string[]): Promise<Exit> {
  return roundscope(['demo', '--headless', '--json', '--participants', '2', '--rounds', '2', ...args]);
}

describe('without the library of DDS', () => {
  test('a demo over it says what is missing, how to come by it, and that the others work', async () => {
    const exit = await roundscope(['demo', '--headless', '--transport', 'dds', '--rounds', '1'], nowhere);
    assertComplaint(
      exit,
      1,
      /ROUNDSCOPE_LIBDDSC names \/nowhere\/libddsc\.so/,
      /apt-get install cyclonedds-dev/,
      /other transports work/,
    );
  });

  test('check names it as what needs a step, and is content', async () => {
    const exit = await roundscope(['check', '--json'], nowhere);
    const line = exit.stdout
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as { what: string; state: string; detail: string; fix: string })
      .find(({ what }) => what === 'DDS');
    assert.equal(line?.state, 'needs_a_step');
    assert.match(line.detail, /names \/nowhere/);
    assert.doesNotMatch(line.detail, /apt-get/);
    assert.match(line.fix, /apt-get install cyclonedds-dev/);
    assert.equal(exit.status, 0, exit.stderr);
  });
});

describe('with it', { skip: await missingLibrary() }, () => {
  test('two demos at once on one machine do not disturb each other', async () => {
    const seeded = (seed: string): Promise<Exit> => demo('--transport', 'dds', '--seed', seed);
    const exits = await Promise.all([seeded('7'), seeded('8')]);
    for (const { summary, stderr } of exits) {
      assert.equal(summary.status, 'completed', stderr);
      assertFlawless(summary, { participants: 2, rounds: 2 });
      assert.deepEqual(
        summary.participants.map(({ transport, stack }) => [transport, stack]),
        [1, 2].map(() => ['dds', 'cyclonedds']),
      );
    }
    const [first, second] = exits.map(({ summary }) => summary.loss);
    assert.notEqual(first, second);
  });
});
