#!/usr/bin/env node
/** The command line, in a checkout and installed. Its stdout belongs to the command alone. */
import { isCheckout, runHeadless } from './lib/headless.mjs';
import { ensureModules } from './lib/modules.mjs';
import { ensureNode24, nodeMajor } from './lib/node24.mjs';
import { SetUpError, runScript } from './lib/say.mjs';

const args = process.argv.slice(2);
// What lists processes shows this from now on: an invitation or a broker's password may stand in the arguments.
process.title = 'roundscope';

await runScript(async () => {
  if (isCheckout) await ensureModules();
  return runHeadless(args, () => {
    if (isCheckout) return ensureNode24();
    throw new SetUpError(`Roundscope needs Node.js ${nodeMajor}; this is ${process.version}.`, {
      tell: `Install Node.js ${nodeMajor} (https://nodejs.org) and try again.`,
    });
  });
});
