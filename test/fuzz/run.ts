/** `npm run fuzz [-- --seed N --count N]`: mutated inputs through every decoder; exit 1 with what breaks one. */
import { parseArgs } from 'node:util';
import { performance } from 'node:perf_hooks';
import { arrayBuffersLimitBytes, fuzz } from './fuzz.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '1000000' } },
});
const seed = Number(values.seed);
const count = Number(values.count);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(count) || count < 1) {
  process.stderr.write('usage: npm run fuzz -- [--seed N] [--count N], both whole numbers\n');
  process.exit(2);
}

const started = performance.now();
const seconds = (): string => ((performance.now() - started) / 1000).toFixed(0);
const report = fuzz({
  seed,
  count,
  onProgress: (done) => process.stderr.write(`${done} of ${count} inputs, ${seconds()} s\n`),
});
const memory = `${(report.arrayBuffersMaxBytes / 2 ** 20).toFixed(0)} MiB of buffers at most`;
if (report.failure !== null) {
  const { target, index, inputHex, error } = report.failure;
  process.stdout.write(
    `FAILED: ${target}, seed ${seed}, input ${index}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n${inputHex}\n`,
  );
  process.exit(1);
}
if (report.arrayBuffersMaxBytes > arrayBuffersLimitBytes) {
  process.stdout.write(`FAILED: memory is not bounded: ${memory}\n`);
  process.exit(1);
}
process.stdout.write(
  `${report.inputs} mutated inputs (seed ${seed}): none threw, ${report.accepted} were accepted, ${memory}, ${seconds()} s\n`,
);
