import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Paths of StrykerJS and of its runner for files whose tests tell TAP. They have a lockfile of their own beside this file,
 * and are installed when they are first used: two hundred packages that nobody needs who runs Roundscope or its tests.
 */
export function stryker(root: string, folder: string): { readonly program: string; readonly runner: string } {
  const tool = join(folder, 'tool');
  const inTool = (path: string): string => join(tool, 'node_modules', '@stryker-mutator', path);
  const program = inTool('core/bin/stryker.js');
  if (!existsSync(program)) {
    cpSync(join(root, 'test', 'mutation', 'tool'), tool, { recursive: true });
    process.stderr.write('installing StrykerJS\n');
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', args, { cwd: tool, stdio: 'inherit', shell: process.platform === 'win32' });
  }
  return { program, runner: inTool('tap-runner/dist/src/index.js') };
}
