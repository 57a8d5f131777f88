import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CoordinatorKit, finishRound, started, three } from '#test/support/kits/coordinator-kit.ts';

const huge = Number.MAX_SAFE_INTEGER;

/** `a` to `e` have registered 100 training and 10 held-out examples each, and the first round runs. */
function five(settings: ConstructorParameters<typeof CoordinatorKit>[0] = {}): CoordinatorKit {
  const kit = new CoordinatorKit({ minimumParticipants: 5, ...settings });
  for (const name of ['a', 'b', 'c', 'd', 'e']) kit.join(name);
  return kit;
}

function checked(kit: CoordinatorKit): CoordinatorKit {
  for (const name of ['a', 'b', 'c', 'd', 'e']) kit.update(name);
  kit.aggregated();
  return kit;
}

describe('an update', () => {
  test('counts with what was registered where it claims more, and that is told', () => {
    const kit = started();
    kit.update('node-1', { examples: huge });
    kit.update('node-2', { examples: 60 });
    kit.update('node-3');
    const [effect] = kit.effect('aggregate');
    assert.deepEqual(
      effect?.contributions.map(({ examples }) => examples),
      [100, 60, 100],
    );
    assert.deepEqual(
      kit.events('update_received').map(({ examples, claimed }) => [examples, claimed]),
      [
        [100, huge],
        [60, 60],
        [100, 100],
      ],
    );
    kit.aggregated();
    assert.deepEqual(kit.events('updates_weighed')[0]?.updates[0]?.claimed, huge);
    const record = kit.journaled.find((one) => one.kind === 'counted');
    assert.deepEqual(record?.kind === 'counted' && [record.contribution.examples, record.contribution.claimed], [
      100,
      huge,
    ]);
  });

  test('is averaged under the rule of the run, which everybody is told in the plan', () => {
    const kit = five({ weightCap: null, normClip: 5 });
    assert.deepEqual(
      kit.sent('run_plan').map(({ body }) => [body.weightCap, body.normClip]),
      Array.from({ length: 5 }, () => [null, 5]),
    );
    checked(kit);
    assert.deepEqual(kit.effect('aggregate')[0]?.rule, { weightCap: null, normClip: 5 });
  });

  test('its participant hears how it counted at the end of the round, and nobody else does', () => {
    const kit = started();
    kit.update('node-1', { examples: huge });
    kit.update('node-2');
    kit.update('node-3');
    kit.aggregated();
    for (const name of three) kit.evaluate(name);
    const own = (name: string): unknown => kit.sent('round_summary', name).map(({ body }) => body.own);
    assert.deepEqual(own('node-1'), [{ claimed: huge, examples: 100, share: 1 / 3, clipped: 1 }]);
    assert.deepEqual(own('node-2'), [{ claimed: 100, examples: 100, share: 1 / 3, clipped: 1 }]);
    assert.equal(kit.events('round_ended')[0]?.examples, 300);
  });

  test('who was away hears it when it is back', () => {
    const kit = started({ quorum: 0.5 });
    for (const name of three) kit.update(name);
    kit.down('node-3');
    kit.pass(11_000);
    kit.aggregated();
    kit.evaluate('node-1');
    kit.evaluate('node-2');
    assert.equal(kit.sent('round_summary', 'node-3').length, 0);
    kit.clear().up('node-3');
    assert.deepEqual(kit.sent('round_summary', 'node-3')[0]?.body.own?.share, 1 / 3);
  });
});

describe('an evaluation', () => {
  test('counts with what was registered, and under the cap: one of five cannot decide', () => {
    const kit = new CoordinatorKit({ minimumParticipants: 5, weightCap: 2 });
    for (const name of ['a', 'b', 'c', 'd']) kit.join(name);
    // It says that it has more to check with than all the others.
    kit.join('e', { heldOut: 1_000_000 });
    checked(kit);
    for (const name of ['a', 'b', 'c', 'd']) kit.evaluate(name, { accuracy: 0.9, loss: 0.5 });
    kit.evaluate('e', { accuracy: 0, loss: 5, examples: huge });
    const [told] = kit.events('evaluations_weighed');
    assert.deepEqual(
      told?.evaluations.map(({ participant, examples, claimed }) => [participant, examples, claimed]).at(-1),
      ['e', 1_000_000, huge],
    );
    assert.ok(Math.abs((told?.evaluations.at(-1)?.share ?? 0) - 0.4) < 1e-12);
    assert.ok(Math.abs((kit.events('round_ended')[0]?.accuracy ?? 0) - 0.54) < 1e-12);
  });

  test('that no model can have is refused, and the round is checked by the others', () => {
    const kit = checked(five());
    const bad = [{ accuracy: 7 }, { accuracy: -1 }, { loss: -3 }, { loss: 1e300 }];
    for (const [k, measure] of bad.entries()) kit.evaluate('abcd'[k] ?? '', measure);
    assert.deepEqual(
      [...kit.state.members.values()].map(({ failure }) => failure?.split(' ').slice(0, 5).join(' ')),
      [
        'its evaluation says an accuracy',
        'its evaluation says an accuracy',
        'its evaluation says a loss',
        'its evaluation says a loss',
        undefined,
      ],
    );
    kit.evaluate('e', { accuracy: 0.75 });
    assert.equal(kit.events('round_ended')[0]?.accuracy, 0.75);
  });
});

test('two and three participants with equal data count as they always did', () => {
  const kit = started();
  finishRound(kit);
  assert.deepEqual(
    kit.events('updates_weighed')[0]?.updates.map(({ examples, claimed, clipped }) => [examples, claimed, clipped]),
    three.map(() => [100, 100, 1]),
  );
});
