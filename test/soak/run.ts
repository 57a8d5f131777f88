/**
 * `npm run soak [-- --minutes 10] [-- --rounds 100] [-- --megabytes 100] [-- --joins 10000]`: what takes too long for `npm test`. A link that
 * stays through a hundred rounds, minutes of silence and a model of 100 MB both ways; memory that stays
 * flat, also while thousands join and leave. `npm run soak -- hostile [--minutes 60] [--over quic,mqtt,grpc,amqp,dds] [--into FOLDER]`:
 * runs over each transport with the hostile suite beside them; figures, recordings and a report every minute stay in FOLDER,
 * and Ctrl+C breaks it off with the report so far. `npm run soak -- windows [--minutes 30] [--seed TEXT] [--out FOLDER]`: one
 * coordinator and three windows through sleep, kills, lost paths, leave and return, below 15 minutes only some of it;
 * what they said, pictures and `report.md` stay in FOLDER.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { protocolSchema } from '#shared/contract/protocols.ts';
import { soakChurn } from './churn.ts';
import { hostileReport } from './hostile-report.ts';
import { soakHostile } from './hostile.ts';
import { soakIdle } from './idle.ts';
import { soakModel } from './model.ts';
import { soakRounds } from './rounds.ts';
import { soakWindows } from './windows.ts';
import { faultsIn, windowsReport } from './windows/report.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    over: { type: 'string', default: 'quic,mqtt,grpc,amqp,dds' },
    minutes: { type: 'string' },
    rounds: { type: 'string', default: '100' },
    megabytes: { type: 'string', default: '100' },
    joins: { type: 'string', default: '10000' },
    into: { type: 'string' },
    out: { type: 'string' },
    seed: { type: 'string' },
  },
});
const minutes = Number(values.minutes ?? (positionals.includes('windows') ? 30 : 10));
const [rounds, megabytes] = [Number(values.rounds), Number(values.megabytes)];
const joins = Number(values.joins);
const failures: string[] = [];

await (positionals.includes('hostile') ? hostile() : positionals.includes('windows') ? windows() : usual());
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
    const result = await soakHostile({ minutes, over, folder: values.into ?? null, signal: brokenOff() });
    process.stdout.write(hostileReport(result));
    if (result.violations.length > 0) throw new Error(result.violations.join('; '));
  });
}

async function windows(): Promise<void> {
  const folder = resolve(values.out ?? mkdtempSync(joinPath(tmpdir(), 'roundscope-windows-')));
  const say = (line: string): void => void process.stdout.write(`  ${line}\n`);
  await soak(`${minutes} minutes of three windows`, async () => {
    const result = await soakWindows({ minutes, seed: values.seed ?? null, folder, signal: brokenOff(), say });
    const report = windowsReport(result);
    writeFileSync(joinPath(folder, 'report.md'), report);
    process.stdout.write(report);
    const faults = [...faultsIn(result), ...result.troubles];
    if (faults.length > 0) throw new Error(`${faults.length} faults; all of it is in ${folder}`);
    return folder;
  });
}

/** By Ctrl+C, which ends nothing at once. */
function brokenOff(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
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
