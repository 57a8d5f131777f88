/** A service without windows that takes what one process reports: `node reporting-service.ts PACKETS PER_TICK`. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SupervisedChild } from '#demo/supervised-child.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import type { Launcher } from '#shared/contract/child-messages.ts';
import { demoOpening } from '#service/runs/opening.ts';
import { RunHost } from '#service/runs/run-host.ts';
import { sinkOf } from '#service/runs/run-start.ts';
import { recordedRun } from './recorded-rows.ts';

/** As the fork launcher does it, but its stdout is that of this process. */
const launcher: Launcher = {
  launch: () => {
    const entry = fileURLToPath(new URL('reporting-child.ts', import.meta.url));
    const child = fork(entry, process.argv.slice(2), { serialization: 'advanced', execArgv: [] });
    return Promise.resolve({
      pid: child.pid ?? 0,
      post: (message) => void (child.connected && child.send(message, (error) => void error)),
      onMessage: (listener) => void child.on('message', listener),
      onExit: (listener) => void child.once('close', (code, signal) => listener({ code, signal, stderr: '' })),
      end: (how) => void child.kill(how === 'kill' ? 'SIGKILL' : 'SIGTERM'),
    });
  },
};

const host = new RunHost({
  run: recordedRun,
  opening: demoOpening,
  clock: systemClock,
  recording: null,
  onInternalError: (error) => {
    throw error;
  },
});
const withoutGap: number[] = [];
host.rows.subscribe((row) => {
  if ('packet' in row && row.packet.gapMs === null) withoutGap.push(row.packet.id);
});
const child = await SupervisedChild.launch(launcher, 'participant', 'node-1', sinkOf(host));
await child.ended;
await child.exited;
await host.finish();
const { losses, recorder } = host.view;
process.stdout.write(`${JSON.stringify({ seen: host.packetsSeen, losses, recorder, withoutGap })}\n`);
