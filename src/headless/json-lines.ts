import { toWireNames } from '#shared/contract/wire-names.ts';

/** A value as one line of `--json`. */
export function lineOf(value: unknown): string {
  return `${JSON.stringify(toWireNames(value))}\n`;
}

/** Resolves once whoever reads stdout has room for more; that it is gone is heard where the program begins. */
export function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
