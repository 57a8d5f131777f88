import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const toy = join(root, 'test', 'fixtures', 'toy-transport');

/** What a copy is checked, built and run from, beside what was installed. */
const copied = [
  'src',
  'test',
  'resources',
  'scripts',
  'bench',
  'layers.ts',
  'oxlint.config.ts',
  'electron.vite.config.ts',
  'package.json',
  'package-lock.json',
  ...readdirSync(root).filter((name) => /^tsconfig.*\.json$/.test(name)),
];

/** The registries with a line for each transport, and behind which name the list begins. */
const registries = {
  descriptor: { file: 'src/shared/transports/registry.ts', list: 'spoken', line: "import { toy } from './toy.ts';" },
  registration: {
    file: 'src/engine/transport/registry.ts',
    list: 'registrations',
    line: "import { toy } from './toy/registration.ts';",
  },
  dissector: { file: 'src/shared/dissect/registry.ts', list: 'ofTransports', line: '' },
} as const;

export interface Outcome {
  readonly status: number | null;
  readonly output: string;
}

/**
 * A copy of this tree with one transport more, `test/fixtures/toy-transport`: its files where they would lie, and its line
 * in each of three registries. What it then does, it does without any other change.
 */
export class ToyTree implements Disposable {
  readonly folder: string;

  constructor() {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'roundscope-toy-')));
    for (const name of copied) cpSync(join(root, name), join(this.folder, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'), 'junction');
  }

  /** One of its files or folders. */
  put(path: string): void {
    cpSync(join(toy, path), join(this.folder, path), { recursive: true });
  }

  /** Its entry in the list of that registry, and what imports it. */
  addLine(to: keyof typeof registries): void {
    const { file, list, line } = registries[to];
    const path = join(this.folder, file);
    const text = readFileSync(path, 'utf8');
    const entry = to === 'dissector' ? 'toy: null' : 'toy';
    const added = text.replace(new RegExp(`(\\b${list}\\b[^{}]*= \\{[^{}]*?),?\\s*\\}`), `$1, ${entry} }`);
    if (added === text) throw new Error(`${file} has no list ${list}`);
    writeFileSync(path, `${line}\n${added}`);
  }

  /** All that CONTRIBUTING.md names. */
  addToy(): void {
    this.put('src');
    for (const to of Object.keys(registries) as (keyof typeof registries)[]) this.addLine(to);
  }

  /** Runs Node there, as this process has it, without what a test runner put into the environment. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const { NODE_TEST_CONTEXT: _test, NODE_OPTIONS: _options, npm_lifecycle_event: _npm, ...outer } = process.env;
    const options = { cwd: this.folder, env: { ...outer, NO_COLOR: '1', ...env }, maxBuffer: 32 * 1024 * 1024 };
    return new Promise((resolve) => {
      const child = execFile(process.execPath, args, options, (_error, stdout, stderr) =>
        resolve({ status: child.exitCode, output: `${stdout}${stderr}` }),
      );
    });
  }

  /** What the compiler says of one of the configurations, as `file: message`. */
  async typeErrors(config: string): Promise<readonly string[]> {
    const { status, output } = await this.run([
      join('node_modules', 'typescript', 'bin', 'tsc'),
      '-p',
      config,
      '--pretty',
      'false',
      '--incremental',
      'false',
    ]);
    const found = output.match(/^\S.*error TS\d+: .*$/gm) ?? [];
    return status === 0 || found.length > 0 ? found : [output];
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
