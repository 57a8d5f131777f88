import { exitStatus } from '#shared/contract/run/summary.ts';
import type { Command } from '../arguments.ts';
import { complain } from '../complain.ts';
import { createService } from '../create-service.ts';
import { openNamed, recordingPath, recordingPositional } from '../options/recording-argument.ts';
import { serveInBrowser } from '../web/serve-in-browser.ts';

/** A recording in the views of a run that goes on, in a browser. */
export const replay: Command = {
  name: 'replay',
  summary: 'Opens a recording in the app, to be looked at and played at any moment of it.',
  positionals: [recordingPositional],
  options: [
    { name: 'no-open', help: 'print the address, open no browser' },
    { name: 'port', value: 'N', help: 'loopback port; 0 takes a free one', default: '0' },
  ],
  examples: ['roundscope replay r-7f3a2c.rscope'],
  run: async (args) => {
    const path = recordingPath(args);
    if (path === null) return complain('replay takes a recording.', exitStatus.usage);
    const port = Number(args.text('port') ?? 0);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      return complain('--port takes a number from 0 to 65535.', exitStatus.usage);
    // What cannot be opened is said here, before there is a window.
    await (await openNamed(path))[Symbol.asyncDispose]();
    const service = createService('browser');
    await using _service = service;
    return await serveInBrowser({ service, port, open: !args.has('no-open'), recording: path });
  },
};
