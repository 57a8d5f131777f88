import assert from 'node:assert/strict';
import { setImmediate, setTimeout } from 'node:timers/promises';

/** Resources that the runner and standard output own. */
const ignored = new Set(['PipeWrap', 'TTYWrap', 'Immediate', 'FSReqCallback']);
const patienceMs = 3000;

/** Open handles by kind: sockets, servers, timers, workers, child processes. */
export function openResources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    if (!ignored.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/**
 * Runs `body` and fails when it leaves sockets, timers, workers or processes open. What closes in its own time gets up to
 * three seconds. `using` cannot do this: it would check before the last of the test's own resources is disposed.
 */
export async function withoutLeaks<T>(body: () => Promise<T>): Promise<T> {
  await setImmediate();
  const before = openResources();
  const result = await body();
  const untilMs = performance.now() + patienceMs;
  while (leaked(before).length > 0 && performance.now() < untilMs) await setTimeout(20, undefined, { ref: false });
  assert.deepEqual(leaked(before), [], 'resources left open');
  return result;
}

function leaked(before: ReadonlyMap<string, number>): string[] {
  return [...openResources()].flatMap(([kind, count]) =>
    count > (before.get(kind) ?? 0) ? [`${kind}: ${count - (before.get(kind) ?? 0)}`] : [],
  );
}
