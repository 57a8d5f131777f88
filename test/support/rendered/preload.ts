/**
 * Given to every file of unit tests by `--import`; only files of rendered tests (`.test.tsx`) get a page. The hooks come
 * first: what is loaded after them may be TSX.
 */
import { isMainThread } from 'node:worker_threads';

// Times are read off the page as they are written here.
process.env['TZ'] = 'UTC';

// Workers and processes that a test starts inherit `--import`: they are no files of tests.
if (isMainThread && (process.argv[1] ?? '').endsWith('.test.tsx')) {
  await import('./tsx-hooks.ts');
  await import('./page.ts');
}
