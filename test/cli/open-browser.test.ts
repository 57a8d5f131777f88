import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { openBrowser } from '#headless/web/open-browser.ts';
import { keyOf } from '#test/support/page/open-address.ts';
import { Command, processesOf, temporaryFolder } from './command-line.ts';

const address = 'http://127.0.0.1:7870/?token=secret-token';
const skip = process.platform === 'linux' ? false : 'xdg-open is of Linux';

/** What opens the browser of a desktop: it notes what it was called with, and ends as it is told. */
function launcher(folder: string, status: number): void {
  const path = join(folder, 'xdg-open');
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$@" >>'${folder}/called'\nexit ${status}\n`);
  chmodSync(path, 0o755);
}

const calledWith = (folder: string): string => readFileSync(join(folder, 'called'), 'utf8').trim();
/** The address that a browser would go to. */
const leadsTo = (file: string): string => /url=([^"]+)"/.exec(readFileSync(fileURLToPath(file), 'utf8'))?.[1] ?? '';

describe('a browser is opened without its token on a command line', { skip }, () => {
  let folder: string;
  const path = process.env['PATH'];
  before(() => {
    folder = temporaryFolder();
    process.env['PATH'] = `${folder}${delimiter}${path}`;
  });
  after(() => {
    process.env['PATH'] = path;
    rmSync(folder, { recursive: true, force: true });
  });

  test('but in a file that only its user reads', async () => {
    launcher(folder, 0);
    assert.equal(await openBrowser(address, folder), true);
    const file = calledWith(folder);
    assert.match(file, /^file:\/\/\S+\.html$/);
    assert.ok(!file.includes('token'), file);
    assert.equal(statSync(fileURLToPath(file)).mode & 0o777, 0o600);
    assert.equal(leadsTo(file), address);
    launcher(folder, 3);
    assert.equal(await openBrowser(address, folder), false, 'a launcher that finds no browser says so');
    process.env['PATH'] = join(folder, 'nothing');
    assert.equal(await openBrowser(address, folder), false);
    process.env['PATH'] = `${folder}${delimiter}${path}`;
  });

  test('and a second start does the same; an address is printed only where no browser was opened', async () => {
    launcher(folder, 0);
    rmSync(join(folder, 'called'), { force: true });
    const env = { PATH: process.env['PATH'] ?? '', DISPLAY: ':99' };
    await using first = new Command(['serve', '--idle', '--open'], { env });
    await first.until(/is open in your browser/);
    const file = calledWith(folder);
    const opened = leadsTo(file);
    assert.ok(!processesOf(first.dataFolder).some(({ command }) => command.includes('token')));
    assert.notEqual(await keyOf(opened), null);
    rmSync(join(folder, 'called'));
    await using second = new Command(['serve', '--idle', '--open'], { env, dataFolder: first.dataFolder });
    const exit = await second.exit();
    assert.deepEqual([exit.status, exit.stdout], [0, ''], exit.stderr);
    assert.notEqual(leadsTo(calledWith(folder)), opened);
    assert.notEqual(await keyOf(leadsTo(calledWith(folder))), null);
    launcher(folder, 3);
    await using third = new Command(['serve', '--idle', '--open'], { env, dataFolder: first.dataFolder });
    const printed = (await third.exit()).stdout.trim();
    assert.notEqual(await keyOf(printed), null, printed);
    first.interrupt();
    assert.deepEqual([(await first.exit()).status, first.stdout], [0, ''], 'nothing stays in the scrollback');
    assert.equal(existsSync(fileURLToPath(file)), false);
  });
});
