/**
 * `npm run bench [-- GROUP ...] [--quick]`: sessions, recorder, renderer. Bounded to five minutes; prints JSON on stdout
 * and writes the tables into `bench/RESULTS.md` when all groups ran.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { benchRecorder, recorderTable } from './recorder.ts';
import { benchRenderer, rendererTable } from './renderer.ts';
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
      const data = await benchTransports({ repetitions: quick ? 1 : 3 });
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
  renderer: {
    title: 'Window: 2,000 packets a second beside a demo in training',
    run: async () => {
      const data = await benchRenderer();
      return { table: rendererTable(data), data };
    },
  },
};

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const chosen = args.filter((argument) => !argument.startsWith('--'));
const unknown = chosen.filter((name) => !Object.hasOwn(groups, name));
if (unknown.length > 0) {
  process.stderr.write(`There is no group ${unknown.join(', ')}. There are: ${Object.keys(groups).join(', ')}.\n`);
  process.exit(2);
}
const tables: string[] = [];
const data: Record<string, unknown> = {};
for (const [name, group] of Object.entries(groups)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  process.stderr.write(`${group.title}\n`);
  const result = await group.run(quick);
  data[name] = result.data;
  tables.push(`## ${group.title}\n\n${result.table}\n`);
  process.stderr.write(`${result.table}\n\n`);
}
process.stdout.write(`${JSON.stringify({ machine: machine(), data })}\n`);
if (chosen.length === 0 && !quick) await writeResults(tables);
process.exit(0);

function machine(): string {
  const [cpu] = cpus();
  return `${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.versions.node}`;
}

async function writeResults(sections: readonly string[]): Promise<void> {
  const path = fileURLToPath(new URL('./RESULTS.md', import.meta.url));
  const marker = '<!-- figures -->';
  const before = await readFile(path, 'utf8').catch(() => `# Results\n\n${marker}\n`);
  const head = before.split(marker)[0] ?? '';
  const date = new Date().toISOString().slice(0, 10);
  await writeFile(
    path,
    `${head}${marker}\n\n${date}, ${machine()}. Median (lowest-highest) of the repetitions.\n\n${sections.join('\n')}`,
  );
}
