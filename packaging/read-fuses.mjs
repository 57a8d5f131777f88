/**
 * `node packaging/read-fuses.mjs PROGRAM`: compares the fuses of a packaged program with those that electron-builder.json
 * demands; ends with 1 where they differ. Fuses are switches in Electron's own program, which its signature covers
 * (https://www.electronjs.org/docs/latest/tutorial/fuses).
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Electron marks the place where the switches lie with it. */
const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

/** In the order in which they lie there, by the names of the packaging configuration. */
export const fuseNames = [
  'runAsNode',
  'enableCookieEncryption',
  'enableNodeOptionsEnvironmentVariable',
  'enableNodeCliInspectArguments',
  'enableEmbeddedAsarIntegrityValidation',
  'onlyLoadAppFromAsar',
  'loadBrowserProcessSpecificV8Snapshot',
  'grantFileProtocolExtraPrivileges',
];

/**
 * @param {Buffer} program
 * @returns {Record<string, boolean>[]} one set for each architecture that the program holds
 */
export function fusesIn(program) {
  const sets = [];
  for (let at = program.indexOf(sentinel); at >= 0; at = program.indexOf(sentinel, at + 1)) {
    const start = at + sentinel.length;
    if (program[start] !== 1) throw new Error(`fuses of version ${program[start]}; this reads version 1`);
    const states = program.subarray(start + 2, start + 2 + (program[start + 1] ?? 0)).toString('latin1');
    // `r`: a fuse that this Electron does not have any more is off.
    sets.push(Object.fromEntries(fuseNames.map((name, i) => [name, states[i] === '1'])));
  }
  if (sets.length === 0) throw new Error('no fuses: this is no program of Electron');
  return sets;
}

/** What differs from the configuration, a line each; none: all is as it should be. */
export function wrongFuses(program, wanted) {
  return fusesIn(program).flatMap((fuses) =>
    fuseNames
      .filter((name) => fuses[name] !== wanted[name])
      .map((name) => `${name} is ${fuses[name] ? 'on' : 'off'} and should be ${wanted[name] ? 'on' : 'off'}`),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const config = JSON.parse(readFileSync(new URL('electron-builder.json', import.meta.url), 'utf8'));
  const wrong = wrongFuses(readFileSync(process.argv[2] ?? ''), config.electronFuses);
  for (const line of wrong) console.error(line);
  if (wrong.length === 0) console.log('All fuses are as the packaging configuration demands.');
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
