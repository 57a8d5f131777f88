/**
 * A process that reports packets with whole bodies, as fast as it is asked: `node reporting-child.ts PACKETS PER_TICK`.
 * Says on stdout how far it is and what memory it takes, whatever its parent does.
 */
import { openParentChannel } from '#engine/host/process/parent-channel.ts';
import { ProcessReporter } from '#engine/host/process/process-reporter.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { limits } from '#shared/contract/limits.ts';
import { packetOf, recordedRun } from './recorded-rows.ts';

const [total = 0, perTick = 1] = process.argv.slice(2).map(Number);
const channel = openParentChannel();
channel.onMessage(() => undefined);
const reporter = new ProcessReporter({
  run: recordedRun,
  source: 'node-1',
  clock: systemClock,
  channel,
  doing: () => 'reporting',
});
let told = 0;
const say = (): void => void process.stdout.write(`${JSON.stringify({ told, rss: process.memoryUsage.rss() })}\n`);
const saying = setInterval(say, 50);
while (told < total) {
  for (let i = 0; i < perTick && told < total; i++) {
    told++;
    reporter.packet(
      packetOf(told, { source: 'node-1', participant: 'node-1', bodySample: new Uint8Array(limits.bodySampleBytes) }),
    );
  }
  await new Promise((resolve) => setTimeout(resolve, 5));
}
clearInterval(saying);
say();
reporter[Symbol.dispose]();
channel.post({ type: 'ended', status: 'completed', reason: 'all was told' });
await channel.close();
