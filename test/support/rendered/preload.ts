/**
 * Given to rendered tests (`.test.tsx`) by `--import`, whether one runs alone or all in one process: a page. The hooks come
 * first: what is loaded after them may be TSX.
 */
import { isMainThread } from 'node:worker_threads';

// Times are read off the page as they are written here.
process.env['TZ'] = 'UTC';

// Workers and processes that a test starts inherit `--import`: they are no files of tests.
const isTestFile = (process.argv[1] ?? '').endsWith('.test.tsx');
if (isMainThread && (isTestFile || process.execArgv.includes('--test-isolation=none'))) {
  await import('./tsx-hooks.ts');
  await import('./page.ts');
}
