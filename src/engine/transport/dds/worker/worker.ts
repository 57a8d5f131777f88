import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { systemClock } from '#engine/host/system-clock.ts';
import { assert } from '#shared/base/assert.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import { loadCyclone } from './cyclone.ts';
import { DdsLoop } from './dds-loop.ts';
import type { Ready, WorkerStart } from './worker-protocol.ts';

/** Entry of the one thread of a process that calls Cyclone DDS; asked by `runtime.ts`. */
async function start(port: MessagePort, { library, stop }: WorkerStart): Promise<void> {
  const say = (ready: Ready): void => port.postMessage(ready);
  let loop: DdsLoop;
  try {
    const cyclone = await loadCyclone(library);
    cyclone.setLogMask(0);
    loop = new DdsLoop(cyclone, { port, stop: new Int32Array(stop), clock: systemClock });
    say({ type: 'ready', path: cyclone.path, guard: loop.guard });
  } catch (error) {
    say({ type: 'absent', error: toErrorReport(error) });
    return port.close();
  }
  loop.run();
  port.close();
}

assert(parentPort !== null, 'the DDS worker is started as a thread');
await start(parentPort, workerData as WorkerStart);
