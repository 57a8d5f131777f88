import { after } from 'node:test';
import { JSDOM } from 'jsdom';
import { layOut } from './layout.ts';

/**
 * The page of a file of rendered tests: jsdom's, with what it lacks. Nothing here is laid out or painted: what a test
 * needs of that it sets itself (`layout.ts`); how the window looks is tested in a browser (`test/e2e`).
 */
const dom = new JSDOM('<!doctype html><html lang="en"><body></body></html>', {
  url: 'http://127.0.0.1/',
  pretendToBeVisual: true,
});
const { window } = dom;

/** Both Node and the page have these; components and tests mean the page's. */
const ofThePage = [
  'Event',
  'EventTarget',
  'CustomEvent',
  'MessageEvent',
  'navigator',
  'localStorage',
  'sessionStorage',
  'Blob',
  'File',
];
/** Timers are Node's, so that tests can work them by hand. */
const ofNode = new Set([
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'queueMicrotask',
  'performance',
  'crypto',
]);

for (const name of [...Object.getOwnPropertyNames(window), ...ofThePage]) {
  if (ofNode.has(name) || (name in globalThis && !ofThePage.includes(name))) continue;
  Object.defineProperty(globalThis, name, { value: Reflect.get(window, name), configurable: true, writable: true });
}
Object.defineProperty(globalThis, 'window', { value: window, configurable: true });
Object.defineProperty(globalThis, 'IS_REACT_ACT_ENVIRONMENT', { value: true, configurable: true, writable: true });
layOut(window);
// React would tell a profiler of each element, and nobody listens.
for (const name of ['timeStamp', 'createTask']) Reflect.deleteProperty(console, name);

after(() => window.close());
