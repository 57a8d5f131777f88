import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { coordinate } from '#test/cli/federation.ts';
import { appTest } from './app-spec.ts';
import { WindowApp } from './open-app.ts';
import { fillJoinForm, waitForEnd } from './measures/window-text.ts';

const open = WindowApp.open.bind(WindowApp);

describe('who joins from the window', () => {
  appTest("has an identity that the system's safe storage seals", open, { idle: true }, async (app) => {
    await using coordinator = await coordinate(['--participants', '1', '--rounds', '1']);
    await fillJoinForm(app.page, { invitation: coordinator.invitation, data: 'digits', name: 'lab-7' });
    await app.page.getByRole('button', { name: /^(Approve and join|Join)$/ }).click();
    await waitForEnd(app.page, 'Run completed');
    assert.equal((await coordinator.command.exit()).status, 0, coordinator.command.stderr);
    const kept = readdirSync(app.dataFolder).filter((name) => /key|sealed|\.pem/.test(name));
    // The recording's key tells states that this machine kept from those of a file from elsewhere: it opens nothing.
    assert.deepEqual(kept.toSorted(), ['participant-lab-7-key.sealed', 'recording-key', 'sealing-key']);
    for (const name of kept) {
      assert.equal(statSync(join(app.dataFolder, name)).mode & 0o077, 0, `${name} can be read by others`);
      assert.doesNotMatch(readFileSync(join(app.dataFolder, name), 'latin1'), /PRIVATE KEY|^[0-9a-f]{64}$/);
    }
  });
});
