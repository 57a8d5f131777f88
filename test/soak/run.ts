/**
 * `npm run soak [-- --minutes 10] [-- --rounds 100] [-- --megabytes 100] [-- --joins 10000]`: what takes too long for `npm test`. A link that
 * stays through a hundred rounds, minutes of silence and a model of 100 MB both ways; memory that stays
 * flat, also while thousands join and leave. `npm run soak -- hostile [--minutes 60] [--over quic,mqtt,grpc,amqp,dds] [--into FOLDER]`:
 * runs over each transport with the hostile suite beside them; figures, recordings and a report every minute stay in FOLDER,
 * and Ctrl+C breaks it off with the report so far.
 */
import { parseArgs } from 'node:util';
import { protocolSchema } from '#shared/contract/protocols.ts';
import { soakChurn } from './churn.ts';
import { hostileReport } from './hostile-report.ts';
import { soakHostile } from './hostile.ts';
import { soakIdle } from './idle.ts';
import { soakModel } from './model.ts';
import { soakRounds } from './rounds.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    over: { type: 'string', default: 'quic,mqtt,grpc,amqp,dds' },
    minutes: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '100' },
    megabytes: { type: 'string', default: '100' },
    joins: { type: 'string', default: '10000' },
    into: { type: 'string' },
  },
});
const [minutes, rounds, megabytes] = [Number(values.minutes), Number(values.rounds), Number(values.megabytes)];
const joins = Number(values.joins);
const failures: string[] = [];

await (positionals.includes('hostile') ? hostile() : usual());
await soak('nothing left', nothingLeft);
process.stdout.write(failures.length === 0 ? 'soak passed\n' : `soak failed: ${failures.join(', ')}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function usual(): Promise<void> {
  await soak(`model of ${megabytes} MB both ways`, () => soakModel(megabytes * 1e6));
  await soak(`${joins} joins and leaves`, () => soakChurn(joins));
  // The silence costs nothing, so the rounds go on beside it.
  await Promise.all([
    soak(`idle for ${minutes} minutes`, () => soakIdle(minutes)),
    soak(`${rounds} rounds`, () => soakRounds(rounds)),
  ]);
}

async function hostile(): Promise<void> {
  const over = values.over.split(',').map((name) => protocolSchema.parse(name));
  await soak(`${minutes} minutes of hostile peers`, async () => {
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
    const result = await soakHostile({ minutes, over, folder: values.into ?? null, signal: stop.signal });
    process.stdout.write(hostileReport(result));
    if (result.violations.length > 0) throw new Error(result.violations.join('; '));
  });
}

async function soak(name: string, act: () => Promise<unknown>): Promise<void> {
  const startedMs = performance.now();
  try {
    const result = await act();
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    process.stdout.write(`✓ ${name} (${seconds} s) ${JSON.stringify(result)}\n`);
  } catch (error) {
    failures.push(name);
    process.stdout.write(`✗ ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  }
}

/** Sockets, timers and processes of all that ran above are gone, or go within three seconds. */
async function nothingLeft(): Promise<readonly string[]> {
  const ours = new Set([
    'UDPWrap',
    'TCPSocketWrap',
    'TCPServerWrap',
    'Timeout',
    'ProcessWrap',
    'MessagePort',
    'Worker',
  ]);
  const left = (): string[] => process.getActiveResourcesInfo().filter((kind) => ours.has(kind));
  for (const untilMs = performance.now() + 3000; left().length > 0 && performance.now() < untilMs;)
    await new Promise((resolve) => setImmediate(resolve));
  if (left().length > 0) throw new Error(`left open: ${left().join(', ')}`);
  return left();
}
