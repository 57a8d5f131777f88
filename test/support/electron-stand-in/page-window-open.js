// Runs in the page before its own scripts: what would open a window asks the app, as in Electron, before there is one.
// Chromium opens first and tells then. `standInOpen` is a binding of the DevTools protocol.
(() => {
  const ask = globalThis.standInOpen;
  delete globalThis.standInOpen;
  globalThis.open = (url = 'about:blank') => {
    ask(new URL(url, location.href).href);
    return null;
  };
  addEventListener('click', (event) => {
    const link = event.composedPath().find((element) => element instanceof HTMLAnchorElement);
    if (link === undefined || event.defaultPrevented || link.target !== '_blank') return;
    event.preventDefault();
    ask(link.href);
  });
})();
