/** `npm run build`: bundles everything, whether or not something changed. */
import { build } from './lib/build.mjs';
import { ensureModules } from './lib/modules.mjs';
import { ensureNode24 } from './lib/node24.mjs';
import { runScript } from './lib/say.mjs';

await runScript(async () => {
  await ensureModules();
  await build(await ensureNode24());
});
