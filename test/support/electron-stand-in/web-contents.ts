import { readFileSync } from 'node:fs';
import type { Chromium } from './chromium.ts';
import { decode, encode } from './clone-text.ts';
import { Emitter, isRefused, type Refusable } from './emitter.ts';
import { closeAllOf, MessagePortMain, relayClose, relayMessage, type Holder } from './message-channel.ts';
import { answerFor, fromVirtual, toVirtual } from './schemes.ts';
import { session } from './session.ts';

type ContentsPart = Pick<
  Electron.WebContents,
  | 'close'
  | 'executeJavaScript'
  | 'forcefullyCrashRenderer'
  | 'isDestroyed'
  | 'isLoading'
  | 'postMessage'
  | 'reload'
  | 'setWindowOpenHandler'
>;
type WindowOpenHandler = Parameters<ContentsPart['setWindowOpenHandler']>[0];

interface ContentsEvents {
  'did-start-navigation': [details: { url: string; isSameDocument: boolean; isMainFrame: boolean }];
  'did-finish-load': [];
  'did-stop-loading': [];
  'render-process-gone': [event: object, details: Pick<Electron.RenderProcessGoneDetails, 'reason' | 'exitCode'>];
  'will-attach-webview': [event: Refusable];
  'will-frame-navigate': [details: Refusable & { readonly url: string }];
  'will-navigate': [details: Refusable & { readonly url: string }];
  'will-redirect': [details: Refusable & { readonly url: string }];
  destroyed: [];
}

const world = 'stand-in preload';
const bridge = readFileSync(new URL('./page-bridge.js', import.meta.url), 'utf8');
const windowOpen = readFileSync(new URL('./page-window-open.js', import.meta.url), 'utf8');

/** The preload as Electron runs it: in a world of its own, with a `require` that knows `electron` alone. */
function preloadSource(path: string): string {
  const code = readFileSync(path, 'utf8');
  return `{
    ${encode.toString()};
    ${decode.toString()};
    const run = (require) => { const module = { exports: {} }; (function (exports, require, module) {${code}
    })(module.exports, require, module); };
${bridge}
    globalThis.standInBridge({ encode, decode, run });
  }`;
}

const all = new Map<string, WebContents>();
/** Targets that the app itself is making: their ids are known only when Chromium has told of them. */
const making = new Set<Promise<unknown>>();

/** A page of Chromium with the events and the ports that Electron gives to it. */
export class WebContents extends Emitter<ContentsEvents> implements ContentsPart {
  readonly attached: Promise<void>;
  readonly #chromium: Chromium;
  readonly #holder: Holder = {
    deliver: (port, data) => void this.#toPage({ kind: 'port_message', port, data: encode(data) }),
    close: (port) => void this.#toPage({ kind: 'port_close', port }),
  };
  #targetId = '';
  #sessionId = '';
  #preloadContext: number | undefined;
  #isLoading = false;
  #isDestroyed = false;
  /** What the app itself loads is no navigation of the page's. */
  #askedFor = '';
  #windowOpenHandler: WindowOpenHandler = () => ({ action: 'deny' });

  constructor(chromium: Chromium, options: Electron.BrowserWindowConstructorOptions) {
    super();
    this.#chromium = chromium;
    this.attached = this.#attach(options);
  }

  static fromDevToolsTargetId(targetId: string): WebContents | undefined {
    return all.get(targetId);
  }

  isLoading(): boolean {
    return this.#isLoading;
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  setWindowOpenHandler(handler: WindowOpenHandler): void {
    this.#windowOpenHandler = handler;
  }

  async load(address: string): Promise<void> {
    await this.attached;
    const url = toVirtual(address);
    await session.defaultSession.applyTo(this.#chromium, new URL(url).origin);
    const loaded = new Promise<void>((resolve) => this.once('did-finish-load', resolve));
    this.#askedFor = url;
    const { errorText } = await this.#send<{ errorText?: string }>('Page.navigate', { url });
    if (errorText !== undefined) throw new Error(`${errorText} loading '${address}'`);
    await loaded;
  }

  async executeJavaScript(expression: string): Promise<unknown> {
    const options = { expression, awaitPromise: true, returnByValue: true };
    return (await this.#send<{ result: { value?: unknown } }>('Runtime.evaluate', options)).result.value;
  }

  forcefullyCrashRenderer(): void {
    // Never answered, since nobody is left to do so.
    this.#send('Page.crash').catch(() => undefined);
  }

  reload(): void {
    this.#tell('Page.reload');
  }

  close(): void {
    if (!this.#isDestroyed)
      this.#chromium.send('Target.closeTarget', { targetId: this.#targetId }).catch(() => undefined);
  }

  postMessage(channel: string, message: unknown, transfer: Electron.MessagePortMain[] = []): void {
    const ports = transfer.map((port) => MessagePortMain.idOf(port));
    this.#toPage({ kind: 'ipc', channel, args: [encode(message)], ports });
    for (const port of transfer) MessagePortMain.give(port, this.#holder);
  }

  async #attach(options: Electron.BrowserWindowConstructorOptions): Promise<void> {
    const { width = 800, height = 600, webPreferences = {} } = options;
    if (
      webPreferences.sandbox === false ||
      webPreferences.contextIsolation === false ||
      webPreferences.nodeIntegration
    ) {
      throw new Error('the stand-in has sandboxed and isolated pages alone');
    }
    const chromium = this.#chromium;
    const creation = chromium
      .send<{ targetId: string }>('Target.createTarget', { url: 'about:blank', newWindow: true, width, height })
      .then(({ targetId }) => {
        this.#targetId = targetId;
        all.set(targetId, this);
      });
    making.add(creation);
    await creation.finally(() => making.delete(creation));
    const attached = { targetId: this.#targetId, flatten: true };
    this.#sessionId = (await chromium.send<{ sessionId: string }>('Target.attachToTarget', attached)).sessionId;
    this.#listen();
    const { preload } = webPreferences;
    await Promise.all([
      chromium.send('Target.setDiscoverTargets', { discover: true, filter: [{ type: 'page' }] }),
      this.#send('Page.enable'),
      this.#send('Runtime.enable'),
      this.#send('Inspector.enable'),
      this.#send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }),
      this.#send('Runtime.addBinding', { name: 'standInSend', executionContextName: world }),
      this.#send('Runtime.addBinding', { name: 'standInOpen' }),
      this.#send('Page.addScriptToEvaluateOnNewDocument', { source: windowOpen }),
      ...(preload === undefined
        ? []
        : [this.#send('Page.addScriptToEvaluateOnNewDocument', { source: preloadSource(preload), worldName: world })]),
    ]);
  }

  #listen(): void {
    const on = <P>(method: string, listener: (params: P) => void): void =>
      this.#chromium.on(this.#sessionId, method, listener as (params: object) => void);
    const isMain = (frameId: string): boolean => frameId === this.#targetId;
    on<{ frameId: string; url: string }>('Page.frameStartedNavigating', ({ frameId, url, ...rest }) => {
      const kind = (rest as { navigationType?: string }).navigationType;
      const isSameDocument = kind === 'sameDocument' || kind === 'historySameDocument';
      if (isMain(frameId) && !isSameDocument) this.#isLoading = true;
      this.emit('did-start-navigation', { url: fromVirtual(url), isSameDocument, isMainFrame: isMain(frameId) });
    });
    on('Page.loadEventFired', () => this.emit('did-finish-load'));
    on<{ frameId: string }>('Page.frameStoppedLoading', ({ frameId }) => {
      if (!isMain(frameId)) return;
      this.#isLoading = false;
      this.emit('did-stop-loading');
    });
    on<ContextCreated>('Runtime.executionContextCreated', ({ context }) => {
      if (context.name === world && isMain(context.auxData.frameId)) this.#preloadContext = context.id;
    });
    on<{ executionContextId: number }>('Runtime.executionContextDestroyed', ({ executionContextId }) => {
      if (executionContextId === this.#preloadContext) this.#losePage();
    });
    on('Runtime.executionContextsCleared', () => this.#losePage());
    on<{ name: string; payload: string }>('Runtime.bindingCalled', ({ name, payload }) =>
      name === 'standInOpen' ? this.#askForWindow(payload) : this.#fromPage(payload),
    );
    on<Paused>('Fetch.requestPaused', (paused) => void this.#answer(paused));
    on('Inspector.targetCrashed', () => {
      this.#losePage();
      this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 });
    });
    this.#chromium.on(undefined, 'Target.targetDestroyed', ({ targetId }) => {
      if (targetId === this.#targetId) this.#destroy();
    });
    this.#chromium.on(undefined, 'Target.targetCreated', ({ targetInfo }) => this.#refuseWindow(targetInfo as Target));
  }

  #askForWindow(url: string): void {
    const { action } = this.#windowOpenHandler({ url } as Electron.HandlerDetails);
    if (action !== 'deny') throw new Error('the stand-in opens no second window');
  }

  /** One that Chromium has opened all the same; Electron would not have. */
  #refuseWindow({ targetId, type }: Target): void {
    if (type !== 'page') return;
    void Promise.allSettled(making).then(() => {
      if (!all.has(targetId)) this.#chromium.send('Target.closeTarget', { targetId }).catch(() => undefined);
    });
  }

  async #answer({ requestId, request, resourceType, frameId, redirectedRequestId }: Paused): Promise<void> {
    const { url, method, headers } = request;
    const answer = await answerFor(url, method, headers);
    if (answer === undefined) {
      if (resourceType === 'Document' && this.#isStopped(url, frameId, redirectedRequestId !== undefined))
        this.#tell('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
      else this.#tell('Fetch.continueRequest', { requestId });
      return;
    }
    this.#tell('Fetch.fulfillRequest', {
      requestId,
      responseCode: answer.status,
      responseHeaders: [...answer.headers].map(([name, value]) => ({ name, value })),
      body: Buffer.from(await answer.arrayBuffer()).toString('base64'),
    });
  }

  /** Whether a listener refuses a navigation; told as Electron tells it, for the whole page and for frames. */
  #isStopped(url: string, frameId: string, isRedirect: boolean): boolean {
    const isRefusedBy = (name: 'will-frame-navigate' | 'will-navigate' | 'will-redirect'): boolean =>
      isRefused(({ preventDefault }) => this.emit(name, { url, preventDefault }));
    if (isRedirect) return isRefusedBy('will-redirect');
    if (url === this.#askedFor) return false;
    return isRefusedBy('will-frame-navigate') || (frameId === this.#targetId && isRefusedBy('will-navigate'));
  }

  #fromPage(payload: string): void {
    const message = JSON.parse(payload) as { kind: string; port: number; data?: unknown };
    if (message.kind === 'port_message') relayMessage(message.port, decode(message.data));
    else relayClose(message.port);
  }

  #toPage(message: Readonly<Record<string, unknown>>): void {
    const executionContextId = this.#preloadContext;
    // A page that is being replaced hears no more; its ports close with it.
    if (executionContextId === undefined) return;
    this.#tell('Runtime.callFunctionOn', {
      functionDeclaration: '(text) => standInReceive(text)',
      executionContextId,
      arguments: [{ value: JSON.stringify(message) }],
    });
  }

  #losePage(): void {
    this.#preloadContext = undefined;
    closeAllOf(this.#holder);
  }

  #destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    all.delete(this.#targetId);
    this.#losePage();
    this.emit('destroyed');
  }

  #send<T>(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<T> {
    return this.#chromium.send<T>(method, params, this.#sessionId);
  }

  /** For what may fail because the page went away meanwhile; anything else is worth a line. */
  #tell(method: string, params: Readonly<Record<string, unknown>> = {}): void {
    this.#send(method, params).catch((error: Error) => {
      const isGone =
        /Chromium is gone|Session with given id|Cannot find context|Invalid InterceptionId|navigated or closed/;
      if (!this.#isDestroyed && !isGone.test(error.message)) console.error(error);
    });
  }
}

interface ContextCreated {
  readonly context: { readonly id: number; readonly name: string; readonly auxData: { readonly frameId: string } };
}
interface Paused {
  readonly requestId: string;
  readonly request: { readonly url: string; readonly method: string; readonly headers: Record<string, string> };
  readonly resourceType: string;
  readonly frameId: string;
  /** The request that was answered by this redirect. */
  readonly redirectedRequestId?: string;
}
interface Target {
  readonly targetId: string;
  readonly type: string;
}
