import { MessageChannelMain, utilityProcess, type MessagePortMain, type UtilityProcess } from 'electron';
import { entryPath } from '#engine/host/entries.ts';
import { lowerPriority } from '#engine/host/process/lower-priority.ts';
import { spawn, taskFailed } from '#shared/base/spawn.ts';
import type { FileKind } from '#shared/contract/app/file-kinds.ts';
import type { ChildEntry } from '#shared/contract/child-messages.ts';
import { toMainSchema, type ToService } from '#shared/contract/main-messages.ts';
import { CrashLimit } from './crash-limit.ts';

/** Last bytes of stderr that are kept to explain an end. */
const stderrKept = 4096;
/** Nobody reads a child's stdout, and a pipe that nobody reads stops its writer once it is full. */
const stdio: ('ignore' | 'pipe')[] = ['ignore', 'ignore', 'pipe'];

export interface ServiceProcessOptions {
  readonly version: string;
  readonly dataFolder: string;
  readonly idle: boolean;
  /** Null where the system has no safe storage. Secret. */
  readonly sealingKey: string | null;
  /** The service runs again after a crash: windows need a new port. */
  readonly onRestarted: () => void;
  /** The service asks the user for a folder; null: none was chosen. */
  readonly chooseFolder: (title: string, files: FileKind | null) => Promise<string | null>;
  /** Whether the system is to stay awake; false again when the service is gone. */
  readonly keepAwake: (on: boolean) => void;
  /** It crashed too often, or could not be started. */
  readonly onGivenUp: (why: string) => void;
}

/**
 * Keeps the service alive and forks for it, since only main can. What a crashed service had launched is ended with it:
 * nobody would be there to hear those processes.
 */
export class ServiceProcess {
  readonly #options: ServiceProcessOptions;
  readonly #children = new Map<number, UtilityProcess>();
  /** Those that were killed here: the code of an exit alone does not tell a signal from a status. */
  readonly #killed = new WeakSet<UtilityProcess>();
  #service: UtilityProcess | undefined;
  readonly #crashes = new CrashLimit();
  #stopping: PromiseWithResolvers<void> | undefined;

  constructor(options: ServiceProcessOptions) {
    this.#options = options;
    this.#start('first');
  }

  /** Gives a window its port; the service may still be starting, ports wait in its queue. */
  connect(): MessagePortMain | undefined {
    if (this.#service === undefined) return undefined;
    const { port1, port2 } = new MessageChannelMain();
    this.#post({ type: 'renderer' }, [port2]);
    return port1;
  }

  /**
   * Asks it to say goodbye to everybody; ends it all the same after `patienceMs`.
   * @param fault why, where that is a mistake of ours
   */
  async stop(patienceMs: number, fault?: string): Promise<void> {
    if (this.#service === undefined) return;
    this.#stopping ??= Promise.withResolvers();
    const timer = setTimeout(() => this.#stopping?.resolve(), patienceMs);
    this.#post({ type: 'stop', ...(fault === undefined ? {} : { fault }) });
    await this.#stopping.promise;
    clearTimeout(timer);
    this.#endChildren();
    this.#service?.kill();
  }

  #start(which: 'first' | 'again'): void {
    const service = utilityProcess.fork(entryPath('service'), [], {
      serviceName: 'Roundscope service',
      stdio,
    });
    this.#service = service;
    const stderr = keepStderr(service);
    service.on('message', (message: unknown) => this.#onMessage(message));
    service.on('exit', (code) => this.#onExit(service, code, stderr()));
    const { version, dataFolder, idle, sealingKey } = this.#options;
    const sealing = sealingKey === null ? {} : { sealingKey };
    this.#post({ type: 'start', version, dataFolder, idle, restarted: which === 'again', ...sealing });
  }

  #post(message: ToService, ports: MessagePortMain[] = []): void {
    this.#service?.postMessage(message, ports);
  }

  #onMessage(input: unknown): void {
    const checked = toMainSchema.safeParse(input);
    if (!checked.success) return taskFailed('reading what the service said', checked.error);
    const message = checked.data;
    if (message.type === 'ready') {
      if (this.#crashes.hasCrashed) this.#options.onRestarted();
    } else if (message.type === 'launch') this.#launch(message.id, message.entry, message.name);
    else if (message.type === 'end') this.#endChild(message.id, message.how);
    else if (message.type === 'choose_folder') spawn('choosing a folder', this.#chooseFolder(message.id, message));
    else if (message.type === 'keep_awake') this.#options.keepAwake(message.on);
    else this.#stopping?.resolve();
  }

  async #chooseFolder(
    id: number,
    { title, files }: { readonly title: string; readonly files: FileKind | null },
  ): Promise<void> {
    const service = this.#service;
    let path: string | null = null;
    try {
      path = await this.#options.chooseFolder(title, files);
    } catch (error) {
      console.error('the dialog for a folder could not be shown:', error);
    }
    // An answer to a service that has been started again since would be to nobody's question.
    if (service === this.#service) this.#post({ type: 'folder_chosen', id, path });
  }

  #launch(id: number, entry: ChildEntry, name: string): void {
    const child = utilityProcess.fork(entryPath(entry), [name], { serviceName: `Roundscope ${name}`, stdio });
    this.#children.set(id, child);
    const stderr = keepStderr(child);
    child.once('spawn', () => {
      if (entry === 'participant' && child.pid !== undefined) lowerPriority(child.pid);
      const { port1, port2 } = new MessageChannelMain();
      child.postMessage({ type: 'port' }, [port1]);
      this.#post({ type: 'launched', id, pid: child.pid ?? 0 }, [port2]);
    });
    child.once('exit', (code) => {
      this.#children.delete(id);
      const killed = this.#killed.has(child);
      this.#post({
        type: 'exited',
        id,
        code: killed ? null : code,
        signal: killed ? 'SIGKILL' : null,
        stderr: stderr(),
      });
    });
  }

  #endChild(id: number, how: 'terminate' | 'kill'): void {
    const child = this.#children.get(id);
    if (child === undefined) return;
    // kill() asks politely; a process that is to die as in a power cut must not have a say.
    if (how === 'terminate' || child.pid === undefined) {
      child.kill();
      return;
    }
    this.#killed.add(child);
    try {
      process.kill(child.pid, 'SIGKILL');
    } catch (error) {
      // It has ended by itself meanwhile, which is told in a moment.
      this.#killed.delete(child);
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') taskFailed('killing a process', error);
    }
  }

  #endChildren(): void {
    for (const child of this.#children.values()) child.kill();
    this.#children.clear();
  }

  #onExit(service: UtilityProcess, code: number, stderr: string): void {
    if (this.#service !== service) return;
    this.#service = undefined;
    this.#options.keepAwake(false);
    this.#endChildren();
    if (this.#stopping !== undefined) {
      this.#stopping.resolve();
      return;
    }
    console.error(`the service ended with status ${code}: ${stderr}`);
    if (this.#crashes.mayRestart(Date.now())) this.#start('again');
    else this.#options.onGivenUp(stderr);
  }
}

function keepStderr(child: UtilityProcess): () => string {
  let kept = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    kept = (kept + bytes.toString('utf8')).slice(-stderrKept);
  });
  return () => kept;
}
