/** A file or folder that a document names in a code span, and the names that the document says are defined there. */
export interface NamedPlace {
  readonly path: string;
  readonly names: readonly string[];
  readonly line: number;
}

/** A path from the root: begins with one of these, or is a file at the root. */
const pathStart = /^(?:src|test|scripts|docs|bench|packaging|resources)(?:\/|$)/;
const rootFile = /^[\w.-]+\.(?:ts|json|md)$/;
/** What the reader of a walk through the files makes: `src/renderer/views/NAME/`. */
const placeholder = /\bNAME\b/;
/** `settleTraining`, `Diagnosis.check`, `DemoFederation.#act`. */
const identifier = /^[A-Za-z_]\w*(?:\.#?\w+)?$/;
/** What may stand between a path and the names that belong to it: a colon, a comma, the wall of a table cell. */
const between = /^[\s,:|]*(?:and )?$/;

/** Each path in a code span, with the identifiers in the code spans right behind it. A plain word behind a path is a name too. */
export function namedPlaces(text: string): readonly NamedPlace[] {
  return withoutBlocks(text)
    .split('\n')
    .flatMap((line, at) => placesOf(line, at + 1));
}

function placesOf(line: string, number: number): readonly NamedPlace[] {
  const places: { path: string; names: string[]; line: number }[] = [];
  let open = false;
  let endedAt = 0;
  for (const match of line.matchAll(/`([^`]+)`/g)) {
    const span = match[1] ?? '';
    const adjoins = between.test(line.slice(endedAt, match.index));
    endedAt = match.index + match[0].length;
    if (placeholder.test(span)) open = false;
    else if (pathStart.test(span) || rootFile.test(span)) {
      places.push({ path: span.replace(/\/$/, ''), names: [], line: number });
      open = true;
    } else if (open && adjoins && identifier.test(span)) places.at(-1)?.names.push(span);
    else open = false;
  }
  return places;
}

/** Names of npm scripts that a document tells people to run. */
export function namedScripts(text: string): readonly string[] {
  return [...text.matchAll(/\bnpm run (?:--silent )?([\w-]+)/g)].map(([, name = '']) => name);
}

/** Targets of links to files, from the folder of the document. */
export function linkedFiles(text: string): readonly string[] {
  return [...withoutBlocks(text).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Whether a source defines `name`, or for `Owner.member` the owner and something of that name in the same file. */
export function defines(source: string, name: string): boolean {
  const [owner = '', member] = name.split('.');
  const declared = `(?:function\\*?|class|const|let|interface|type) ${owner}\\b`;
  if (!new RegExp(`^\\s*(?:export )?(?:default )?(?:async )?(?:abstract )?${declared}`, 'm').test(source)) return false;
  if (member === undefined) return true;
  return new RegExp(`^\\s+(?:readonly |static |async |get |set )*${member}\\??\\s*[(<:=;]`, 'm').test(source);
}

/** Lines stay where they are, so that what is found can be told by its line. */
function withoutBlocks(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ''));
}
