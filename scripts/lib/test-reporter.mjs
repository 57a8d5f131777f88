/**
 * Node's test runner told compactly: a line for each file, the whole story for each failure, coverage by folder.
 * Given to `node --test` as `--test-reporter`.
 */
import { relative } from 'node:path';
import { inspect } from 'node:util';
import { root } from './paths.mjs';

function nameOf(path) {
  return path ? relative(root, path).replaceAll('\\', '/') : '';
}

/** A suite fails when a test in it does; that test has told why already. */
function isEcho(error) {
  return error?.failureType === 'subtestsFailed';
}

function describeFailure({ name, file, line, details }) {
  const error = details?.error;
  const cause = error?.cause ?? error;
  const story = cause instanceof Error || typeof cause === 'object' ? inspect(cause, { depth: 4 }) : String(cause);
  return `  ✖ ${name}  (${nameOf(file)}:${line ?? '?'})\n${story.replace(/^/gm, '      ')}\n`;
}

function describeFile({ file, counts, duration_ms: durationMs }) {
  const extra = [
    counts.failed + counts.cancelled > 0 ? `${counts.failed + counts.cancelled} failed` : '',
    counts.skipped + counts.todo > 0 ? `${counts.skipped + counts.todo} skipped` : '',
  ].filter(Boolean);
  const sign = counts.failed + counts.cancelled > 0 ? '✖' : '✓';
  const figures = [`${counts.passed} passed`, ...extra, `${(durationMs / 1000).toFixed(1)} s`].join(', ');
  return `  ${sign} ${nameOf(file)}: ${figures}\n`;
}

/** `src/engine/link` of `src/engine/link/link.ts`, `src/demo` of `src/demo/a.ts`. */
function folderOf(path) {
  return path.split('/').slice(0, -1).slice(0, 3).join('/');
}

export function describeCoverage(files) {
  const folders = new Map();
  for (const file of files) {
    const key = folderOf(nameOf(file.path));
    const sum = folders.get(key) ?? { lines: 0, linesCovered: 0, branches: 0, branchesCovered: 0 };
    sum.lines += file.totalLineCount;
    sum.linesCovered += file.coveredLineCount;
    sum.branches += file.totalBranchCount;
    sum.branchesCovered += file.coveredBranchCount;
    folders.set(key, sum);
  }
  const total = { lines: 0, linesCovered: 0, branches: 0, branchesCovered: 0 };
  for (const sum of folders.values()) for (const key of Object.keys(total)) total[key] += sum[key];
  const percent = (part, whole) => (whole === 0 ? '    -' : `${((100 * part) / whole).toFixed(1).padStart(5)}`);
  const row = (name, sum) =>
    `  ${name.padEnd(32)} ${percent(sum.linesCovered, sum.lines)} ${percent(sum.branchesCovered, sum.branches)}\n`;
  const rows = [...folders].sort(([a], [b]) => a.localeCompare(b)).map(([name, sum]) => row(name, sum));
  return `  coverage, %                      lines branches\n${rows.join('')}${row('all files that were loaded', total)}`;
}

/** Last characters of a test file's own output that are kept to explain its failure. */
const outputKept = 4000;

/** What test files print is noise until one of them fails; then it may be the only explanation there is. */
class Outputs {
  #byFile = new Map();

  // The runner names a file from the root in one event and from the working folder in the other.
  add(file, text) {
    const name = nameOf(file);
    this.#byFile.set(name, ((this.#byFile.get(name) ?? '') + text).slice(-outputKept));
  }

  take(file) {
    const text = this.#byFile.get(nameOf(file));
    this.#byFile.delete(nameOf(file));
    return text;
  }
}

function describeOutput(output) {
  return output ? `    it printed:\n${output.replace(/^/gm, '      ')}\n` : '';
}

/** Files whose latest test failed: what a test remarked comes right after its result. */
class LatestFailed {
  #files = new Set();

  see(type, file) {
    if (type === 'test:fail') this.#files.add(file);
    if (type === 'test:pass') this.#files.delete(file);
  }

  has(file) {
    return file !== undefined && this.#files.has(file);
  }
}

export default async function* report(events) {
  const outputs = new Outputs();
  const failed = new LatestFailed();
  for await (const { type, data } of events) {
    if (type === 'test:stderr' || type === 'test:stdout') outputs.add(data.file, data.message);
    failed.see(type, data.file);
    if (type === 'test:fail' && !isEcho(data.details?.error)) yield describeFailure(data);
    if (type === 'test:diagnostic' && failed.has(data.file)) yield `${data.message.replace(/^/gm, '      ')}\n`;
    // A file whose process failed as such has no summary; what it said last is all there is.
    if (type === 'test:fail' && data.details?.error?.exitCode)
      yield describeOutput(outputs.take(data.file ?? data.name));
    if (type === 'test:pass' && typeof data.skip === 'string') yield `  - skipped: ${data.name} (${data.skip})\n`;
    if (type === 'test:summary' && data.file) {
      const output = outputs.take(data.file);
      yield describeFile(data);
      if (data.counts.passed < data.counts.tests) yield describeOutput(output);
    }
    if (type === 'test:coverage') yield describeCoverage(data.summary.files);
  }
}
