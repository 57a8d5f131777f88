/**
 * `npm run bench [-- GROUP ...] [--quick] [--packets N]`: sessions, transports, recorder, questions, renderer, selection. Bounded
 * to ten minutes; `--packets` is of questions, whose recording is made once and kept. Prints JSON on stdout and writes the tables into their sections of `bench/RESULTS.md`, unless it was quick.
 */
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchRecorder, recorderTable } from './recorder.ts';
import { benchQuestions, questionsTable } from './questions.ts';
import { benchRenderer, rendererTable } from './renderer.ts';
import { writeSections, type Section } from './results.ts';
import { selectionTable, simulateSelection } from './selection/report.ts';
import { benchSessions, sessionsTable } from './sessions.ts';
import { benchTransports, transportsTable } from './transports.ts';

interface Group {
  readonly title: string;
  readonly run: (quick: boolean) => Promise<{ readonly table: string; readonly data: unknown }>;
}

const groups: Readonly<Record<string, Group>> = {
  sessions: {
    title: 'Sessions: two processes over loopback, ways in turn',
    run: async (quick) => {
      const data = await benchSessions({ repetitions: quick ? 1 : 4 });
      return { table: sessionsTable(data), data };
    },
  },
  transports: {
    title: 'Transports beside the libraries that carry them',
    run: async (quick) => {
      const data = await benchTransports({ scale: quick ? 0.1 : 1 });
      return { table: transportsTable(data), data };
    },
  },
  recorder: {
    title: 'Recorder',
    run: async (quick) => {
      const data = await benchRecorder(quick ? 1 : 5);
      return { table: recorderTable(data), data };
    },
  },
  questions: {
    title: 'Ten questions to a recording of millions of packets',
    run: async (quick) => {
      const data = await benchQuestions(packetsAsked ?? (quick ? 100_000 : 1_000_000));
      return { table: questionsTable(data), data };
    },
  },
  renderer: {
    title: 'Window: 2,000 packets a second beside a demo in training',
    run: async () => {
      const data = await benchRenderer();
      return { table: rendererTable(data), data };
    },
  },
  selection: {
    title: 'Protocol selection: regret over the nine networks',
    run: (quick) => {
      const data = simulateSelection(quick ? 4 : 20);
      return Promise.resolve({ table: selectionTable(data), data });
    },
  },
};

const { values: options, positionals: chosen } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, packets: { type: 'string' } },
  allowPositionals: true,
});
const { quick } = options;
const packetsAsked = options.packets === undefined ? undefined : Number(options.packets);
if (packetsAsked !== undefined && !(Number.isSafeInteger(packetsAsked) && packetsAsked >= 1000)) {
  process.stderr.write('--packets takes a whole number from 1000 on.\n');
  process.exit(2);
}
const unknown = chosen.filter((name) => !Object.hasOwn(groups, name));
if (unknown.length > 0) {
  process.stderr.write(`There is no group ${unknown.join(', ')}. There are: ${Object.keys(groups).join(', ')}.\n`);
  process.exit(2);
}
const sections: Section[] = [];
const data: Record<string, unknown> = {};
for (const [name, group] of Object.entries(groups)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  process.stderr.write(`${group.title}\n`);
  const loadBefore = loadavg()[0] ?? 0;
  const result = await group.run(quick);
  data[name] = result.data;
  sections.push({
    title: group.title,
    text: `${today()}, ${machine()}; load ${loadBefore.toFixed(0)} before, ${(loadavg()[0] ?? 0).toFixed(0)} after.\n\n${result.table}`,
  });
  process.stderr.write(`${result.table}\n\n`);
}
process.stdout.write(`${JSON.stringify({ machine: machine(), data })}\n`);
if (!quick) await writeSections(fileURLToPath(new URL('./RESULTS.md', import.meta.url)), sections);
process.exit(0);

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function machine(): string {
  const [cpu] = cpus();
  return `${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.versions.node}`;
}
