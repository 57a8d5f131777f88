import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invitationIn } from '#test/support/hostile/besieged.ts';
import { takePartFalsely } from '#test/support/hostile/false-participant.ts';
import { patienceMs, type Line } from '../command-line.ts';
import { coordinate, join } from '../federation.ts';

const labs = ['lab-1', 'lab-2', 'lab-3'] as const;
const liar = 'mallory';
const rounds = 3;
/** Four processes at work on a busy machine. */
const longMs = 3 * patienceMs;

test('somebody with the invitation who lies about examples, values and accuracy: it has neither the model nor the last word', async () => {
  await using coordinator = await coordinate(['--participants', '4', '--rounds', String(rounds)]);
  const { command, invitation } = coordinator;
  await using joined = new AsyncDisposableStack();
  const commands = labs.map((name) => joined.use(join(invitation, name)));
  const lies = {
    registered: 1500,
    claimed: Number.MAX_SAFE_INTEGER,
    value: (round: number): number => (round === 1 ? 3.4e38 : -77),
    evaluation: { loss: 9, accuracy: 0, examples: Number.MAX_SAFE_INTEGER },
  };
  const falsely = takePartFalsely(invitationIn(invitation), liar, lies, AbortSignal.timeout(longMs));

  const { status, stderr, summary, lines } = await command.exit(longMs);
  assert.equal(status, 0, stderr);
  assert.equal((await falsely).status, 'completed');
  for (const lab of commands) assert.equal((await lab.exit(longMs)).status, 0);
  const of = (event: string, round?: number): readonly Line[] =>
    lines.filter((line) => line.event === event && (round === undefined || line['round'] === round));

  const refused = of('update_received', 1).filter(({ participant }) => participant === liar);
  assert.deepEqual(
    refused.map(({ counted, code }) => [counted, code]),
    [[false, 'update_exploded']],
  );
  for (const round of [2, 3]) {
    const [weighed] = of('updates_weighed', round);
    const own = ((weighed?.['updates'] ?? []) as Record<string, unknown>[]).find(
      ({ participant }) => participant === liar,
    );
    assert.deepEqual([own?.['claimed'], own?.['examples']], [Number.MAX_SAFE_INTEGER, 1500]);
    assert.ok(Number(own?.['clipped']) < 0.1 && Number(own?.['share']) < 0.3, JSON.stringify(own));
  }
  // By those who have pictures to check with.
  const seen = of('evaluation_received', rounds).filter(({ participant }) => participant !== liar);
  assert.equal(seen.length, labs.length);
  for (const { accuracy } of seen) assert.ok(Number(accuracy) > 0.5, `accuracy ${String(accuracy)}`);
  const share = 1 - Number(of('round_ended', rounds)[0]?.['accuracy']) / Number(seen[0]?.['accuracy']);
  assert.ok(share < 0.6, `it takes ${share} of the reported accuracy`);

  const named = summary.verdicts.map(({ rule, subject }) => `${rule} ${subject}`);
  assert.ok(named.includes(`update-refused ${liar}`), named.join());
  assert.ok(named.includes(`claims-more ${liar}`), named.join());
  assert.ok(
    named.every((verdict) => verdict.endsWith(liar)),
    named.join(),
  );
});
