/**
 * Given to every file of unit tests by `--import`: sockets, servers, timers, workers and processes that are still open
 * after a file's last test make the file fail, by name. Without it a forgotten timer only makes the file slow.
 */
import { isMainThread } from 'node:worker_threads';
import { openResources } from './leak-tracker.ts';

/** For what closes in its own time, also on a busy machine. Costs nothing where nothing is left: the process ends. */
const patienceMs = 10_000;

// Workers and processes that a test starts inherit `--import`: they are no files of tests.
const isTestFile = /\.test\.m?[jt]sx?$/.test(process.argv[1] ?? '');
if (isMainThread && (isTestFile || process.execArgv.includes('--test-isolation=none'))) {
  const { after } = await import('node:test');
  after(() => {
    // Unreferenced: it fires only where something else keeps the process alive.
    setTimeout(() => {
      const left = [...openResources()].map(([kind, count]) => `${kind}: ${count}`);
      process.stderr.write(`left open after the last test: ${left.join(', ') || 'something without a name'}\n`);
      process.exit(1);
    }, patienceMs).unref();
  });
}
