import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Path of StrykerJS. It has a lockfile of its own beside this file, and is installed when it is first used: two hundred
 * packages that nobody needs who runs Roundscope or its tests.
 */
export function stryker(root: string, folder: string): string {
  const tool = join(folder, 'tool');
  const program = join(tool, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
  if (!existsSync(program)) {
    cpSync(join(root, 'test', 'mutation', 'tool'), tool, { recursive: true });
    process.stderr.write('installing StrykerJS\n');
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', args, { cwd: tool, stdio: 'inherit', shell: process.platform === 'win32' });
  }
  return program;
}
