/** `npm run audit`: signatures and advisories of what is installed, as far as the registry offers them. */
import { ensureModules } from './lib/modules.mjs';
import { runScript } from './lib/say.mjs';
import { runPhase } from './lib/test-phases.mjs';

await runScript(async () => {
  await ensureModules();
  return (await runPhase('audit', {})).failed > 0 ? 1 : 0;
});
