import { toErrorReport } from '#shared/base/errors.ts';
import { demoDefaults } from '#shared/contract/run/settings.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import type { Command } from '../arguments.ts';
import { demoOptions, demoSettings } from '../options/demo-options.ts';
import { complain } from '../complain.ts';
import { createService } from '../create-service.ts';
import { wrongRecord } from '../options/record-option.ts';
import { runToEnd } from '../run-to-end.ts';
import { serveInBrowser } from '../web/serve-in-browser.ts';

export const demo: Command = {
  name: 'demo',
  summary: 'Runs a whole federation on this machine: a coordinator and its participants, one process each.',
  positionals: [],
  options: [
    ...demoOptions,
    {
      name: 'record',
      value: 'FILE',
      help: 'where to record; must not exist yet',
      default: 'a new file in the data folder',
    },
    { name: 'headless', help: 'no window and no browser: the terminal shows the rounds' },
    { name: 'json', help: 'one JSON event a line on stdout, the summary last' },
  ],
  examples: [
    'roundscope demo --headless --rounds 5',
    'roundscope demo --headless --transport mqtt --split dirichlet:0.3 --json',
    'roundscope demo --headless --model net.onnx --data ./faces',
    'roundscope demo --fault connection-per-message:node-2@3',
  ],
  run: async (args) => {
    const settings = demoSettings(args, args.has('headless') ? 0 : demoDefaults.paceMs);
    if (!settings.ok) return complain(settings.error, exitStatus.usage);
    const unrecorded = wrongRecord(args);
    if (unrecorded !== null) return complain(unrecorded, exitStatus.usage);
    const service = createService('browser');
    await using _service = service;
    try {
      const begin = () => service.startDemo(settings.value, args.text('record'));
      if (args.has('headless')) return await runToEnd({ json: args.has('json'), service, begin });
      return await serveInBrowser({ service, port: 0, open: true, begin });
    } catch (error) {
      return complain(toErrorReport(error), exitStatus.failed);
    }
  },
};
