import { parseDuration } from '#shared/base/duration.ts';
import { exitStatus } from '#shared/contract/summary.ts';
import { visibleText } from '#shared/base/visible-text.ts';
import { entryPath } from '#engine/host/entries.ts';
import { openRecording } from '#engine/recorder/open-recording.ts';
import { typedIn } from '#engine/host/user-path.ts';
import { fileOf } from '#service/typed-paths.ts';
import type { Command } from '../arguments.ts';
import { complain } from '../complain.ts';
import { recordingPositional } from '../recording-argument.ts';

const msPerMinute = 60_000;

/** A copy of a recording, whoever made that. */
export const exportRecording: Command = {
  name: 'export',
  summary: 'Copies a recording, also one from elsewhere, to a file of its own that its owner alone can read.',
  positionals: [recordingPositional, { name: 'TO', help: 'the new file; must not exist yet' }],
  options: [
    {
      name: 'bare',
      help: 'to give away: without bodies, headers, notes, addresses, class names and other text of people and machines',
    },
    { name: 'last', value: 'DURATION', help: 'packets of so long before the newest one, such as 10m', default: 'all' },
  ],
  examples: ['roundscope export r-7f3a2c.rscope for-you.rscope --bare --last 10m'],
  run: async (args) => {
    const [from, to] = args.positionals;
    if (from === undefined || to === undefined)
      return complain('export takes a recording and the file to copy it to.', exitStatus.usage);
    const last = args.text('last');
    const lastMs = last === undefined ? undefined : parseDuration(last);
    if (lastMs === null)
      return complain(`--last takes a length of time, such as 90s or 10m, not ${last}.`, exitStatus.usage);
    const [source, target] = [fileOf(from, typedIn(process.env)), fileOf(to, typedIn(process.env))];
    await using recording = await openRecording(source, { entry: entryPath('recorder-worker') });
    const { name, run, packets, events } = await recording.info();
    const { sizeBytes } = await recording.saveCopy(target, {
      ...(lastMs === undefined ? {} : { minutes: lastMs / msPerMinute }),
      bare: args.has('bare'),
    });
    const what = args.has('bare') ? 'without bodies, addresses and class names' : 'with all that it holds';
    process.stdout.write(
      `${visibleText(`${run} (${name}), ${events} events and ${packets} packets, ${what}: ${sizeBytes.toLocaleString('en')} bytes in ${target}`)}\n`,
    );
    return exitStatus.completed;
  },
};
