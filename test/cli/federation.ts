import { Command, patienceMs, type CommandOptions } from './command-line.ts';

/** A running `coordinate --json` and the invitation that it printed. */
export interface Coordinator extends AsyncDisposable {
  readonly command: Command;
  readonly invitation: string;
}

/** Starts a coordinator for a short run on a free loopback port and waits for its invitation. */
export async function coordinate(args: readonly string[], options: CommandOptions = {}): Promise<Coordinator> {
  const command = new Command(['coordinate', '--json', '--local-epochs', '1', ...args], options);
  try {
    await command.until(({ lines }) => lines.some(({ event }) => event === 'invitation'), patienceMs);
  } catch (error) {
    await command[Symbol.asyncDispose]();
    throw error;
  }
  const line = command.lines.find(({ event }) => event === 'invitation');
  return {
    command,
    invitation: String(line?.['invitation']),
    [Symbol.asyncDispose]: () => command[Symbol.asyncDispose](),
  };
}

export function join(
  invitation: string,
  name: string,
  args: readonly string[] = [],
  options: CommandOptions = {},
): Command {
  return new Command(['join', invitation, '--name', name, '--json', ...args], options);
}

/** Whether the participant has been let in, by the coordinator's own account. */
export function hasJoined(coordinator: Command, name: string): boolean {
  return coordinator.lines.some(({ event, participant }) => event === 'participant_joined' && participant === name);
}
