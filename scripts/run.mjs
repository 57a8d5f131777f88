/** `node scripts/run.mjs FILE.ts [ARGUMENTS]`: runs a program of the checkout on the pinned Node. */
import { existsSync } from 'node:fs';
import { standInFor } from './lib/launch.mjs';
import { ensureModules } from './lib/modules.mjs';
import { ensureNode24 } from './lib/node24.mjs';
import { inRoot } from './lib/paths.mjs';
import { SetUpError, runScript } from './lib/say.mjs';

await runScript(async () => {
  const [file, ...args] = process.argv.slice(2);
  if (!file || !existsSync(inRoot(file))) throw new SetUpError(`There is no program ${file ?? '(none named)'}.`);
  await ensureModules();
  return (await standInFor(await ensureNode24(), [inRoot(file), ...args])).status;
});
