import { toErrorReport } from '#shared/base/errors.ts';
import { demoDefaults } from '#shared/contract/run/settings.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import type { Command } from '../arguments.ts';
import { complain } from '../complain.ts';
import { createService } from '../create-service.ts';
import { demoOptions, demoSettings } from '../options/demo-options.ts';
import { serveInBrowser } from '../web/serve-in-browser.ts';

export const serve: Command = {
  name: 'serve',
  summary:
    'The app in a browser instead of a window of its own: at a loopback address, for you alone. The demo starts in it at once.',
  positionals: [],
  options: [
    { name: 'idle', help: 'do not start the demo' },
    { name: 'no-open', help: 'print the address, open no browser' },
    { name: 'open', help: 'open the default browser (as without --no-open)' },
    { name: 'port', value: 'N', help: 'loopback port; 0 takes a free one', default: '0' },
    ...demoOptions,
  ],
  examples: ['roundscope serve --idle --port 7870'],
  run: async (args) => {
    const settings = demoSettings(args, demoDefaults.paceMs);
    if (!settings.ok) return complain(settings.error, exitStatus.usage);
    const port = Number(args.text('port') ?? 0);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      return complain('--port takes a number from 0 to 65535.', exitStatus.usage);
    const service = createService('browser');
    await using _service = service;
    try {
      return await serveInBrowser({
        service,
        port,
        open: !args.has('no-open'),
        ...(args.has('idle') ? {} : { begin: () => service.startDemo(settings.value) }),
      });
    } catch (error) {
      return complain(toErrorReport(error), exitStatus.failed);
    }
  },
};
