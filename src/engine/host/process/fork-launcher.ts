import { fork } from 'node:child_process';
import type { ChildEntry, ChildProcess, Launcher } from '#shared/contract/child-messages.ts';
import { RoundscopeError } from '#shared/base/errors.ts';
import { entryPath } from '../entries.ts';
import { lowerPriority } from './lower-priority.ts';

/** Last bytes of a child's stderr that are kept to explain its end. */
const stderrKept = 4096;

/**
 * MB of each half of V8's young generation. A coordinator's floods of short-lived objects let it grow from 27 to 165 MB, which
 * it keeps; with this it takes 50 MB less in the first minute of a run, and rounds as long as before. Participants gain nothing.
 */
const semiSpaceMb = 8;

/** Launches processes by `child_process.fork`, with structured clone between, for use without Electron. */
export const forkLauncher: Launcher = {
  launch(entry, name) {
    return new Promise((resolve, reject) => {
      const child = fork(entryPath(entry), [name], {
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        execArgv: [...ownArguments(entry), ...process.execArgv.filter(isForChildren)],
        env: process.env,
      });
      let stderr = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        stderr = (stderr + text).slice(-stderrKept);
      });
      // Also later, such as when it cannot be killed: its exit tells what matters.
      child.on('error', (error) =>
        reject(
          new RoundscopeError('process_exited', {
            layer: 'service',
            message: `The ${name} process could not be started.`,
            cause: error,
          }),
        ),
      );
      child.once('spawn', () => {
        if (entry === 'participant' && child.pid !== undefined) lowerPriority(child.pid);
        const launched: ChildProcess = {
          pid: child.pid ?? 0,
          post: (message) => {
            // A child that has just died is told nothing: its exit is on the way to the listener below.
            if (child.connected) child.send(message, () => undefined);
          },
          onMessage: (listener) => void child.on('message', listener),
          onExit: (listener) => void child.once('close', (code, signal) => listener({ code, signal, stderr })),
          end: (how) => void child.kill(how === 'kill' ? 'SIGKILL' : 'SIGTERM'),
        };
        resolve(launched);
      });
    });
  },
};

function ownArguments(entry: ChildEntry): readonly string[] {
  return entry === 'coordinator' ? [`--max-semi-space-size=${semiSpaceMb}`] : [];
}

function isForChildren(argument: string): boolean {
  return !argument.startsWith('--test') && !argument.startsWith('--inspect');
}
