import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { after, describe, test } from 'node:test';
import { assertComplaint, roundscope, temporaryFolder } from '../command-line.ts';
import { coordinate, hasJoined, join } from '../federation.ts';

const root = temporaryFolder();
after(() => rmSync(root, { recursive: true, force: true }));

function rules(name: string, content: unknown): string {
  const path = joinPath(root, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

interface Logged {
  readonly event: string;
  readonly answer?: string;
  readonly reason?: string;
  readonly by?: string;
}

async function logged(
  dataFolder: string,
): Promise<{ readonly status: number | null; readonly lines: readonly Logged[] }> {
  const { status, stdout } = await roundscope(['approvals', '--json'], { dataFolder });
  return {
    status,
    lines: stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Logged),
  };
}

describe('before a participant trains', () => {
  test('its rules refuse a plan with a reason that its coordinator shows, and approve another; both are in the signed log', async () => {
    const dataFolder = joinPath(root, 'lab');
    await using coordinator = await coordinate(['--participants', '1', '--rounds', '2', '--local-epochs', '3']);
    const strict = ['--approve', rules('strict.json', { maxEpochs: 2 })];
    await using refusing = join(coordinator.invitation, 'lab-1', strict, { dataFolder });
    const refused = await refusing.exit();
    assert.equal(refused.status, 1, refused.stderr);
    assert.match(refused.stderr, /asks for 3 epochs a round, and at most 2 are allowed here/);
    assert.equal(
      refusing.lines.some(({ event }) => event === 'data_loaded'),
      false,
      'nothing was read',
    );
    const declined = ({ lines }: typeof coordinator.command): boolean =>
      lines.some(
        ({ event, name, declined: itself }) => event === 'participant_refused' && name === 'lab-1' && itself === true,
      );
    await coordinator.command.until(declined);
    const told = coordinator.command.lines.find(({ event }) => event === 'participant_refused');
    assert.match(String(told?.['reason']), /3 epochs a round/);
    assert.equal(hasJoined(coordinator.command, 'lab-1'), false);

    const open = ['--approve', rules('open.json', { maxEpochs: 3, maxRounds: 2, maxBytes: 100_000_000 })];
    await using joining = join(coordinator.invitation, 'lab-1', open, { dataFolder });
    const [joined, served] = await Promise.all([joining.exit(), coordinator.command.exit()]);
    assert.deepEqual([joined.status, served.status], [0, 0], joined.stderr);

    const { status, lines } = await logged(dataFolder);
    assert.equal(status, 0);
    assert.deepEqual(
      lines.filter(({ event }) => event === 'approval').map(({ answer, by }) => [answer, by]),
      [
        ['refused', 'rules'],
        ['approved', 'rules'],
      ],
    );
    const folder = joinPath(dataFolder, 'approvals');
    const [name = ''] = readdirSync(folder);
    const path = joinPath(folder, name);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"answer":"refused"', '"answer":"approved"'));
    assertComplaintOfLog(await roundscope(['approvals'], { dataFolder }));
  });

  test('rules that cannot be meant are said before anything is dialed', async () => {
    await using coordinator = await coordinate(['--participants', '1', '--rounds', '1']);
    for (const [approve, says] of [
      [rules('typo.json', { maxEpoch: 1 }), /--approve: .*typo\.json: .*maxEpoch/],
      [rules('none.json', 'no json'), /--approve: the rules .* cannot be read/],
      [joinPath(root, 'nowhere.json'), /--approve: the rules .* cannot be read/],
      ['ask', /there is no terminal to ask in/],
    ] as const)
      assertComplaint(await roundscope(['join', coordinator.invitation, '--approve', approve]), 2, says);
  });
});

function assertComplaintOfLog(end: Awaited<ReturnType<typeof roundscope>>): void {
  assert.equal(end.status, 1);
  assert.match(end.stderr, /line 1 was changed after it was signed; what follows proves nothing/);
}
