import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path/posix';
import { parseSync } from 'oxc-parser';

export interface ImportEdge {
  /** Importing file, from the root, such as `src/engine/link/link.ts`. */
  readonly from: string;
  readonly line: number;
  readonly specifier: string;
  /** The project's own file, or `undefined` when it names a package or a module of Node's. */
  readonly to: string | undefined;
}

const sourceFile = /(?<!\.d)\.(ts|tsx|mts|cts)$/;

/** All source files below `folder` of `root`, by path from the root, sorted. */
export function listSources(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && sourceFile.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .toSorted();
}

/** Imports of one file: static, re-exports, dynamic; of types as well as of values. */
export function importsOf(file: string, text: string): ImportEdge[] {
  const { module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message}`);
  const found: { specifier: string; start: number }[] = [];
  for (const statement of module.staticImports) {
    found.push({ specifier: statement.moduleRequest.value, start: statement.start });
  }
  for (const statement of module.staticExports) {
    const request = statement.entries.find((entry) => entry.moduleRequest)?.moduleRequest;
    if (request) found.push({ specifier: request.value, start: statement.start });
  }
  for (const expression of module.dynamicImports) {
    const source = text.slice(expression.moduleRequest.start, expression.moduleRequest.end);
    const literal = /^(['"`])([^'"`$]*)\1$/.exec(source)?.[2];
    // A computed specifier names no file; what it may name is the business of the code around it.
    if (literal !== undefined) found.push({ specifier: literal, start: expression.start });
  }
  return found.map(({ specifier, start }) => ({
    from: file,
    line: text.slice(0, start).split('\n').length,
    specifier,
    to: resolveOwn(file, specifier),
  }));
}

/** `#engine/x.ts` through the `imports` of package.json, `./x.ts` from the importing file. */
function resolveOwn(from: string, specifier: string): string | undefined {
  const plain = specifier.replace(/\?.*$/, '');
  if (plain.startsWith('#test/')) return plain.slice(1);
  if (plain.startsWith('#')) return `src/${plain.slice(1)}`;
  if (plain.startsWith('.')) return path.join(path.dirname(from), plain);
  return undefined;
}

/** The whole graph below the given folders. */
export function importGraph(root: string, folders: readonly string[]): { files: string[]; edges: ImportEdge[] } {
  const files = folders.flatMap((folder) => listSources(root, folder));
  const edges = files.flatMap((file) => importsOf(file, readFileSync(path.join(root, file), 'utf8')));
  return { files, edges };
}
