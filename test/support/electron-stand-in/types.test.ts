import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

/**
 * The app's main process, compiled against the stand-in instead of Electron: whatever the stand-in lacks does not
 * compile. That the stand-in itself is as Electron declares is checked by the ordinary types, from its `implements`.
 */
const root = fileURLToPath(new URL('../../..', import.meta.url));
const standIn = fileURLToPath(new URL('./electron.ts', import.meta.url));

function compile(source: string | null): Promise<string> {
  // Within the checkout, so that packages are found.
  const folder = mkdtempSync(join(root, 'node_modules', '.stand-in-types-'));
  const declarations = readFileSync(join(root, 'node_modules', 'electron', 'electron.d.ts'), 'utf8');
  // The names of the global namespace stay; the module itself is to be the stand-in, and an ambient one would win.
  const names = declarations.replaceAll(/declare module '(electron[^']*)'/g, "declare module 'real-$1'");
  writeFileSync(join(folder, 'electron-names.d.ts'), names);
  if (source !== null) writeFileSync(join(folder, 'planted.ts'), source);
  const config = {
    extends: join(root, 'tsconfig.node.json'),
    compilerOptions: { paths: { electron: [standIn] }, noEmit: true },
    include: [join(folder, '*.ts'), ...(source === null ? [join(root, 'src/main/**/*.ts')] : [])],
    exclude: [join(root, 'src/**/*.test.ts'), join(root, 'src/shared/web-types.d.ts')],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const args = [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder, '--pretty', 'false'];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, output) => {
      rmSync(folder, { recursive: true, force: true });
      resolve(error === null ? '' : output || String(error));
    });
  });
}

describe('electron stand-in', () => {
  test('has all that the main process uses', async () => {
    assert.equal(await compile(null), '');
  });

  const lacking = [
    `import { Tray } from 'electron'; new Tray('icon.png');`,
    `import { app } from 'electron'; app.setLoginItemSettings({ openAtLogin: true });`,
    `import { BrowserWindow } from 'electron'; new BrowserWindow().setKiosk(true);`,
  ];
  for (const source of lacking) {
    test(`what it lacks does not compile: ${source}`, async () => {
      assert.match(await compile(source), /^\S*planted\.ts.*error TS\d+: .*(Tray|setLoginItemSettings|setKiosk)/m);
    });
  }
});
