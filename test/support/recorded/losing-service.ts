/**
 * The app without its terminal, with a demo, that loses rows when a line on stdin says so. Says its address on stdout, and
 * at the end what the command line says of the run: `node losing-service.ts`.
 */
import { createInterface } from 'node:readline';
import { ProcessReporter, type ReportChannel } from '#engine/host/process/process-reporter.ts';
import { readStaticFiles, rendererFolder } from '#engine/host/static-files.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { RecordingReader } from '#engine/recorder/reading/reader.ts';
import { createService } from '#headless/create-service.ts';
import { ConsoleReporter } from '#headless/output/console-reporter.ts';
import { runSummary } from '#headless/summary.ts';
import { WebServer } from '#headless/web/web-server.ts';
import { limits } from '#shared/contract/limits.ts';
import { demoDefaults } from '#shared/contract/run/settings.ts';
import { packetOf } from './recorded-rows.ts';

const service = createService('browser');
const files = await readStaticFiles(rendererFolder());
const server = await WebServer.listen({
  port: 0,
  files,
  onPort: (port) => service.connect(port),
  now: () => performance.now(),
});
const { host } = await service.startDemo({ ...demoDefaults, participants: 2, rounds: 1000, paceMs: 1000 });
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const told = { type: 'batch' as const, batch: 1, events: [], packets: [], lostEvents: null, lostPackets: null };
const onCue: Readonly<Record<string, () => void | Promise<void>>> = {
  address: () => say({ address: server.freshAddress() }),
  /** A process whose service takes nothing for a while; its queue holds 50 rows of each kind. */
  stall: () => {
    const held: Parameters<ReportChannel['post']>[0][] = [];
    let ack: (batch: number) => void = () => undefined;
    using reporter = new ProcessReporter({
      run: host.run,
      source: 'coordinator',
      clock: systemClock,
      channel: { post: (batch) => held.push(batch) > 0, onAck: (listener) => void (ack = listener) },
      doing: () => 'reporting',
      queueRowsMax: 50,
    });
    for (let batch = 0; batch < limits.reportBatchesMax; batch++) {
      reporter.packet(packetOf(batch));
      reporter.flush();
    }
    for (let n = 0; n < 250; n++) reporter.packet(packetOf(n, { participant: 'node-1' }));
    for (let n = 0; n < 60; n++) reporter.event('notice', { level: 'info', text: `${n}` });
    for (let batch = held.shift(); batch !== undefined; batch = held.shift()) {
      host.ingest('coordinator', batch);
      ack(batch.batch);
    }
  },
  malformed: () => {
    const odd = { ...packetOf(1), protocol: 'carrier pigeon' };
    host.ingest('node-1', { ...told, events: [{ type: 'nonsense' }], packets: [odd, odd, odd] });
  },
  /** More in one go than the recorder's queue holds. */
  flood: () => {
    const at = Date.now();
    const packets = Array.from({ length: limits.recorderQueueMax + 500 }, (_, i) =>
      packetOf(i, { at, participant: 'node-1', source: 'node-1' }),
    );
    host.ingest('node-1', { ...told, packets });
  },
  end: async () => {
    await service.stop('enough was lost');
    await host.finished;
    const summary = runSummary(host.view);
    new ConsoleReporter(process.stderr).end(summary, host.view);
    const reader = new RecordingReader(host.recording?.path ?? '', { clock: systemClock, ms: 60_000 });
    say({ summary, recording: reader.info() });
    reader[Symbol.dispose]();
    await service[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    process.exit(0);
  },
};
for await (const line of createInterface({ input: process.stdin })) await onCue[line]?.();
