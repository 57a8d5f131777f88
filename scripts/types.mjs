/** `npm run types`: checks every TypeScript project; tsconfig.json says which those are. */
import { readFileSync } from 'node:fs';
import { launch } from './lib/launch.mjs';
import { ensureModules } from './lib/modules.mjs';
import { inRoot } from './lib/paths.mjs';
import { runScript } from './lib/say.mjs';

/** TypeScript's "no inputs were found": a project whose folder is still empty has nothing wrong in it. */
const nothingToCheck = 'TS18003';

await runScript(async () => {
  await ensureModules();
  const references = readFileSync(inRoot('tsconfig.json'), 'utf8').matchAll(/"path": "(.+?)"/g);
  let status = 0;
  for (const [, project] of references) {
    const tsc = inRoot('node_modules', 'typescript', 'bin', 'tsc');
    const result = await launch(process.execPath, [tsc, '-p', project, '--pretty', 'false'], { capture: true });
    if (result.status === 0 || result.output.includes(nothingToCheck)) continue;
    process.stdout.write(`${project}\n${result.output}\n`);
    status = 1;
  }
  return status;
});
