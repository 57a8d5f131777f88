import { parseArgs } from 'node:util';
import { err, ok, type Result } from '#shared/base/result.ts';

/** One option of a command: how it is written, what it takes and what it does. */
export interface Option {
  readonly name: string;
  /** What the value is called in the help; absent: a switch. */
  readonly value?: string;
  readonly help: string;
  /** Shown in the help; the command applies it. */
  readonly default?: string;
  readonly repeatable?: true;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** `INVITATION`, `FILE`: what stands without a dash, in order. */
  readonly positionals: readonly { readonly name: string; readonly help: string }[];
  readonly options: readonly Option[];
  readonly examples: readonly string[];
  /** @returns the exit status */
  readonly run: (args: Arguments) => Promise<number>;
}

export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(positionals: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.positionals = positionals;
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }
}

const everywhere: readonly Option[] = [{ name: 'help', help: 'this text' }];

/** Checks what stands behind the command's name; the error is one sentence for people. */
export function parseArguments(command: Command, argv: readonly string[]): Result<Arguments, string> {
  const options = [...command.options, ...everywhere];
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      options.map((option) => [option.name, { type: option.value === undefined ? 'boolean' : 'string' } as const]),
    ),
    strict: false,
    tokens: true,
  });
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = options.find((known) => known.name === token.name);
    if (option === undefined) return err(unknownOption(command, token.rawName, options));
    if (
      option.value !== undefined &&
      (token.value === undefined || (token.inlineValue === false && token.value.startsWith('--')))
    ) {
      return err(`${token.rawName} takes a value: ${token.rawName} ${option.value}`);
    }
    if (option.value === undefined && token.value !== undefined) return err(`${token.rawName} takes no value.`);
    values.set(option.name, [...(option.repeatable ? (values.get(option.name) ?? []) : []), token.value ?? '']);
  }
  if (positionals.length > command.positionals.length)
    return err(`"${positionals[command.positionals.length]}" is one word too many for ${command.name}.`);
  return ok(new Arguments(positionals, values));
}

export function helpText(command: Command): string {
  const usage = [
    'roundscope',
    command.name,
    ...command.positionals.map((positional) => positional.name),
    '[options]',
  ].join(' ');
  const rows = [
    ...command.positionals.map((positional) => [positional.name, positional.help] as const),
    ...[...command.options, ...everywhere].map(
      (option) =>
        [
          `--${option.name}${option.value === undefined ? '' : ` ${option.value}`}`,
          `${option.help}${option.default === undefined ? '' : ` (${option.default})`}`,
        ] as const,
    ),
  ];
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return [
    command.summary,
    '',
    `Usage: ${usage}`,
    '',
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`),
    ...(command.examples.length > 0 ? ['', 'Examples:', ...command.examples.map((example) => `  ${example}`)] : []),
    '',
  ].join('\n');
}

function unknownOption(command: Command, given: string, options: readonly Option[]): string {
  const bare = given.replace(/^-+/, '');
  const near = nearest(
    bare,
    options.map((option) => option.name),
  );
  return `${command.name} has no option ${given}.${near === undefined ? '' : ` Did you mean --${near}?`} See: roundscope ${command.name} --help`;
}

/** The candidate within two edits of the word, if there is one. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: editDistance(word, candidate) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= 2 ? best.candidate : undefined;
}

/** Levenshtein distance, Wagner & Fischer 1974. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
