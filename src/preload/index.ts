import { ipcRenderer } from 'electron';

/**
 * Hands the port to the service over to the page, and the text of an invitation that the system has opened; nothing else:
 * the page gets no Electron, no Node, no sender. Main posts a fresh port whenever the page has loaded or the service was
 * started again.
 */
ipcRenderer.on('roundscope-port', (event) => {
  const [port] = event.ports;
  if (port !== undefined) window.postMessage('roundscope-port', window.location.origin, [port]);
});

ipcRenderer.on('roundscope-invitation', (_event, invitation: unknown) => {
  window.postMessage({ type: 'roundscope-invitation', invitation }, window.location.origin);
});
