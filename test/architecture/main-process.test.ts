import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { listSources } from './import-graph.ts';

const root = fileURLToPath(new URL('../../', import.meta.url))
  .replaceAll('\\', '/')
  .replace(/\/$/, '');

/** Code alone: what a comment says makes nothing safe. */
function withoutComments(file: string, text: string): string {
  const { comments, errors } = parseSync(file, text);
  assert.deepEqual(errors, [], file);
  return comments.reduceRight((code, { start, end }) => `${code.slice(0, start)} ${code.slice(end)}`, text);
}

function sourceOf(folder: string): string {
  const files = listSources(root, folder).filter((file) => !file.endsWith('.test.ts'));
  assert.ok(files.length > 0, folder);
  return files.map((file) => withoutComments(file, readFileSync(`${root}/${file}`, 'utf8'))).join('\n');
}

describe('the page and the main process', () => {
  test('comments count for nothing', () => {
    const code = withoutComments('a.ts', `a(); // sandbox: true\n/* will-navigate */ b('// not one');`);
    assert.equal(code.replaceAll(/\s+/g, ' ').trim(), `a(); b('// not one');`);
  });

  // Every message that main heard from a page would need a check of its sender. It hears none: pages speak to the
  // service alone, over a port, and the service checks each request by its schema.
  test('main listens to no page', () => {
    assert.doesNotMatch(
      sourceOf('src/main'),
      /\bipcMain\b|\.ipc\b|contents\.on\('ipc-message|webContents\.on\('ipc-message/,
    );
  });

  test('the preload gives the page nothing but its port', () => {
    const source = sourceOf('src/preload');
    assert.doesNotMatch(source, /contextBridge|exposeInMainWorld|ipcRenderer\.(send|invoke|postMessage|sendSync)/);
    assert.match(source, /window\.postMessage\('roundscope-port', window\.location\.origin, \[port\]\)/);
  });

  // The page has no link to anywhere; should it get one, the hosts that may be opened are to be listed.
  test('main opens nothing outside', () => {
    assert.doesNotMatch(sourceOf('src/main'), /openExternal|openPath|\bshell\b/);
  });

  test('what hardens the window is said, not left to defaults', () => {
    const source = sourceOf('src/main');
    for (const setting of ['sandbox: true', 'contextIsolation: true', 'nodeIntegration: false', 'webSecurity: true']) {
      assert.ok(source.includes(setting), setting);
    }
    for (const guard of [
      'app.enableSandbox()',
      "app.on('web-contents-created'",
      "setWindowOpenHandler(() => ({ action: 'deny' }))",
      "contents.on('will-navigate', stay)",
      "contents.on('will-redirect', stay)",
      "contents.on('will-frame-navigate', stay)",
      "contents.on('will-attach-webview', (event) => event.preventDefault())",
      'setPermissionRequestHandler',
      'setPermissionCheckHandler',
      'setDevicePermissionHandler(() => false)',
      'setDisplayMediaRequestHandler((_request, answer) => answer(null))',
      'devTools: !app.isPackaged',
      '...(app.isPackaged ? [] : developing)',
    ]) {
      assert.ok(source.includes(guard), guard);
    }
  });
});
